(module
  (memory (export "memory") 1)
  (func (export "alloc") (param i32) (result i32) i32.const 16)
  (func (export "run") (param i32 i32) (result i64) i64.const 0)
  ;; Turns that are known: all of the function is one payment.
  (func (export "whole") (result i32) (local i32 i32)
    loop
      i32.const 1024 local.get 0 i32.add i32.const 7 i32.store8
      local.get 0 i32.const 1 i32.add local.tee 0 i32.const 100 i32.ne br_if 0
    end
    local.get 0)
  ;; Turns that are computed at the loop's entry, and paid by the chunk.
  (func (export "chunks") (param i32) (result i32) (local i32 i32)
    loop
      local.get 1 local.get 0 i32.lt_s
      if
        local.get 2 local.get 1 i32.load8_u i32.add local.set 2
        local.get 1 i32.const 4 i32.add local.set 1
        br 1
      end
    end
    local.get 2)
  ;; A turn with a choice: its cheapest way is paid by the chunk, what the other costs more on that way.
  (func (export "varied") (param i32) (result i32) (local i32)
    loop
      local.get 0 i32.const 1 i32.and
      if
        local.get 1 i32.const 5 i32.xor local.set 1
      end
      local.get 0 i32.const 1 i32.sub local.tee 0 br_if 0
    end
    local.get 1)
  ;; Nobody can tell how often: a purse, and one payment on each way.
  (func (export "purse") (param i32) (result i32)
    loop
      local.get 0 i32.load8_u
      if
        local.get 0 i32.const 1 i32.add local.set 0
        br 1
      end
    end
    local.get 0))
