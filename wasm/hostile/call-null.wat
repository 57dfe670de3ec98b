;; Calls an empty table entry: a trap like any other.
;; expect: trapped
(module
  (memory (export "memory") 1 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (table 4 4 funcref)
  (func (export "run") (param i32 i32) (result i64)
    (call_indirect (result i64) (i32.const 3)))
)
