;; Code that never runs is not charged, and an explicit trap writes cached fuel back.
(module
  (func (param i32) (result i32)
    loop
      local.get 0
      if
        unreachable
        i32.const 1
        drop
      end
      br 0
    end
    i32.const 1
    return
    i32.const 2)
  (memory (export "memory") 1)
  (func (export "alloc") (param i32) (result i32) i32.const 16)
  (func (export "run") (param i32 i32) (result i64) i64.const 0))
