;; A step guest that never comes back from its start.
;; expect: out-of-fuel
(module
  (memory (export "memory") 1 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "start") (param i32 i32) (loop $again (br $again)))
  (func (export "step") (result i32) (i32.const 0))
  (func (export "output") (result i64) (i64.const 0)))
