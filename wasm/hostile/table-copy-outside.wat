;; Copies four billion entries in a table of two. Its size is paid for before it is tried, so the fuel runs out.
;; expect: out-of-fuel
(module
  (memory (export "memory") 1 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (table $t 2 funcref)
  (func (export "run") (param i32 i32) (result i64)
    (table.copy $t $t (i32.const 0) (i32.const 0) (i32.const -1))
    (i64.const 0)))
