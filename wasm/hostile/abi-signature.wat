;; Exports run with a signature that would answer a float.
;; expect: refused abi-wrong-signature
(module
  (memory (export "memory") 1 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "run") (param i32 i32) (result f64) (f64.const nan))
)
