;; Imports a table, to be given functions of somebody else.
;; expect: refused unknown-import
(module
  (import "trine" "log" (table 1 funcref))
  (memory (export "memory") 1 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "run") (param i32 i32) (result i64)
    (i64.const 0)))
