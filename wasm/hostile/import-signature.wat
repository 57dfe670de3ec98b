;; Calls progress with a signature of its own.
;; expect: refused import-wrong-signature
(module
  (import "trine" "progress" (func (param i64) (result f64)))
  (memory (export "memory") 1 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "run") (param i32 i32) (result i64) (i64.const 0))
)
