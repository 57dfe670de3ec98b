;; Reads past the end of a table.
;; expect: trapped
(module
  (memory (export "memory") 1 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (table $t 2 funcref)
  (func (export "run") (param i32 i32) (result i64)
    (drop (table.get $t (i32.const -1)))
    (i64.const 0)))
