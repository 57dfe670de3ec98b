;; Vectors of floats, whose NaN bits this edition does not make equal everywhere.
;; expect: refused feature-simd
(module
  (memory (export "memory") 1 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "run") (param i32 i32) (result i64)
    (i64x2.extract_lane 0 (f64x2.add (v128.load (i32.const 0)) (v128.load (i32.const 16)))))
)
