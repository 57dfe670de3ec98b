;; Fills a table of a hundred thousand entries over and over: charged by the entries.
;; expect: out-of-fuel
(module
  (memory (export "memory") 1 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (table $t 100000 funcref)
  (func (export "run") (param i32 i32) (result i64)
    (loop $again
      (table.fill $t (i32.const 0) (ref.null func) (i32.const 100000))
      (br $again))
    (i64.const 0)))
