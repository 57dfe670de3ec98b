;; The one quotient that does not fit its type.
;; expect: trapped
(module
  (memory (export "memory") 1 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "run") (param i32 i32) (result i64)
    (i64.div_s (i64.const 0x8000000000000000) (i64.const -1))))
