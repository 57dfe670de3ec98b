;; Fuel by regions: code after a block is charged with the code before it, unless a branch leaves further.
(module
  (func (param i32) (result i32)
    block
      local.get 0
      br_if 0
      nop
    end
    local.get 0
    if (result i32)
      i32.const 1
    else
      i32.const 2
    end
    block
      block
        local.get 0
        br_if 1
      end
      i32.const 5
      drop
    end
    i32.const 3
    i32.add)
  (memory (export "memory") 1)
  (func (export "alloc") (param i32) (result i32) i32.const 16)
  (func (export "run") (param i32 i32) (result i64) i64.const 0))
