;; Claims an output that begins inside its memory and ends outside, to read what lies behind.
;; expect: trapped
(module
  (memory (export "memory") 1 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "run") (param i32 i32) (result i64) (i64.const 0x0000_ffff_0000_0002))
)
