;; A step guest whose steps do nothing and never end: each call is cheap, the number of calls is not.
;; expect: out-of-fuel
(module
  (memory (export "memory") 1 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "start") (param i32 i32))
  (func (export "step") (result i32) (i32.const 1))
  (func (export "output") (result i64) (i64.const 0))
)
