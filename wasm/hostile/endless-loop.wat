;; The simplest theft of a machine: a loop without an end. Fuel ends it, at the same place everywhere.
;; expect: out-of-fuel
(module
  (memory (export "memory") 1 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "run") (param i32 i32) (result i64)
    (loop $again (br $again))
    (i64.const 0))
)
