;; Imports the same function twice, the second time with another signature.
;; expect: refused import-wrong-signature
(module
  (import "trine" "progress" (func (param i32 i32)))
  (import "trine" "progress" (func (param i32)))
  (memory (export "memory") 1 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "run") (param i32 i32) (result i64)
    (i64.const 0)))
