;; Copies its whole memory onto itself, over and over: charged by the bytes.
;; expect: out-of-fuel
(module
  (memory (export "memory") 16 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "run") (param i32 i32) (result i64)
    (loop $again
      (memory.copy (i32.const 0) (i32.const 1) (i32.const 1048575))
      (br $again))
    (i64.const 0)))
