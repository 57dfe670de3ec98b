;; A guest that works in steps.
(module
  (func (export "start") (param i32 i32))
  (func (export "step") (result i32) i32.const 0)
  (func (export "output") (result i64) i64.const 0)
  (memory (export "memory") 1)
  (func (export "alloc") (param i32) (result i32) i32.const 16))
