;; Vectors of floats: the bits of NaNs that their lanes make are the canonical ones.
;; expect: completed
;; output: 000000000000f87f000000000000f87f0000c07f0000c07f0000c07f0000c07f
(module
  (memory (export "memory") 1 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "run") (param i32 i32) (result i64)
    (v128.store (i32.const 0)
      (f64x2.div (v128.const f64x2 0 0) (v128.const f64x2 -0 0)))
    (v128.store (i32.const 16)
      (f32x4.sub (f32x4.neg (v128.const f32x4 inf -inf nan:0x200123 -nan)) (v128.const f32x4 -inf inf 1 1)))
    (i64.const 32))
)
