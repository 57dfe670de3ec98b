;; Exports a function under the name of the memory.
;; expect: refused abi-missing-export
(module
  (memory 1 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "memory"))
  (func (export "run") (param i32 i32) (result i64)
    (i64.const 0)))
