;; Recursion without an end. The call depth is bounded by the prepared module, long before a host stack
;; overflows at a place that differs from engine to engine.
;; expect: trapped
(module
  (memory (export "memory") 1 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func $deep (param i64) (result i64)
    (i64.add (call $deep (i64.add (local.get 0) (i64.const 1))) (i64.const 1)))
  (func (export "run") (param i32 i32) (result i64) (call $deep (i64.const 0)))
)
