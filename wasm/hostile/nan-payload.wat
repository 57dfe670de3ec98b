;; Makes NaNs whose bits differ between processors (sign and payload of 0/0, of infinity less infinity) and
;; answers the bits. They come out canonical; what negates one flips its sign bit, as the standard says.
;; expect: completed
;; output: 0000c07f0000c0ff000000000000f87f
(module
  (memory (export "memory") 1 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (global $zero (mut f32) (f32.const 0))
  (global $endless (mut f64) (f64.const inf))
  (func (export "run") (param i32 i32) (result i64)
    (f32.store (i32.const 0) (f32.div (global.get $zero) (global.get $zero)))
    (i32.store (i32.const 4) (i32.reinterpret_f32 (f32.neg (f32.sqrt (f32.const -1)))))
    (f64.store (i32.const 8) (f64.sub (global.get $endless) (global.get $endless)))
    (i64.const 16))
)
