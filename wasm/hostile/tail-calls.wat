;; A chain of tail calls needs no frames, so a bound on depth does not see it; fuel does.
;; expect: out-of-fuel
(module
  (memory (export "memory") 1 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func $forever (result i64) (return_call $forever))
  (func (export "run") (param i32 i32) (result i64) (call $forever))
)
