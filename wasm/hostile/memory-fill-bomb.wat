;; One bulk instruction can move a whole memory. It is charged by its size, so a thousand of them are not cheap.
;; expect: out-of-fuel
(module
  (memory (export "memory") 16 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "run") (param i32 i32) (result i64)
    (loop $again
      (memory.fill (i32.const 0) (i32.const 170) (i32.const 1048576))
      (br $again))
    (i64.const 0))
)
