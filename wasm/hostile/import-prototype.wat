;; Asks our import module for a name that every JavaScript object answers to.
;; expect: refused unknown-import
(module
  (import "trine" "__proto__" (func (param i32 i32)))
  (memory (export "memory") 1 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "run") (param i32 i32) (result i64)
    (i64.const 0)))
