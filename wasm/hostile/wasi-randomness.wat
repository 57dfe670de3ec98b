;; Draws a mebibyte of randomness over and over. Every block of it is paid for before it is made.
;; expect: out-of-fuel
(module
  (import "wasi_snapshot_preview1" "random_get" (func $random_get (param i32 i32) (result i32)))
  (memory (export "memory") 16 16)
  (func (export "_start")
    (loop $again
      (drop (call $random_get (i32.const 0) (i32.const 1048576)))
      (br $again)))
)
