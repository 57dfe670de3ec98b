;; Exports a function under the name that preparation gives the start function.
;; expect: refused reserved-export
(module
  (memory (export "memory") 1 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "trine:start"))
  (func (export "run") (param i32 i32) (result i64)
    (i64.const 0)))
