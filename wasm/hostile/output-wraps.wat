;; Pointer plus length wrap around 2^32 to a small number.
;; expect: trapped
(module
  (memory (export "memory") 1 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "run") (param i32 i32) (result i64) (i64.const 0xffff_ffff_0000_0800))
)
