;; A function with a loop keeps its fuel in a local: written back before calls and returns, read again after.
(module
  (func $helper)
  (func (param i32)
    loop
      local.get 0
      i32.eqz
      if
        return
      end
      call $helper
      local.get 0
      i32.const 1
      i32.sub
      local.tee 0
      br_if 0
    end)
  (memory (export "memory") 1)
  (func (export "alloc") (param i32) (result i32) i32.const 16)
  (func (export "run") (param i32 i32) (result i64) i64.const 0))
