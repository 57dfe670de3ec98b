;; A table of a hundred million entries, eight bytes each on the host.
;; expect: refused limit-table-entries
(module
  (memory (export "memory") 1 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (table 100000000 funcref)
  (func (export "run") (param i32 i32) (result i64) (i64.const 0))
)
