;; Writes to a global it does not have: the index at which preparation will append the fuel.
;; expect: refused invalid
(module
  (memory (export "memory") 1 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "run") (param i32 i32) (result i64)
    (loop $again
      (global.set 0 (i64.const 0x7fff_ffff_ffff_ffff))
      (br $again))
    (i64.const 0))
)
