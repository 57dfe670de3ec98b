;; Calls a function through the table by a type that it has not.
;; expect: trapped
(module
  (memory (export "memory") 1 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (table 1 funcref)
  (elem (i32.const 0) $f)
  (func $f (param i64) (result i64) (local.get 0))
  (type $other (func (result i32)))
  (func (export "run") (param i32 i32) (result i64)
    (drop (call_indirect (type $other) (i32.const 0)))
    (i64.const 0)))
