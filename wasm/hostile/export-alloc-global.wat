;; Exports a number under the name of alloc.
;; expect: refused abi-missing-export
(module
  (memory (export "memory") 1 16)
  (global (export "alloc") i32 (i32.const 1024))
  (func (export "run") (param i32 i32) (result i64)
    (i64.const 0)))
