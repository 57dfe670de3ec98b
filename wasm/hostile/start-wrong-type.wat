;; Names a function with an argument as its start: what would it get?
;; expect: refused invalid
(module
  (memory (export "memory") 1 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func $start (param i32))
  (start $start)
  (func (export "run") (param i32 i32) (result i64)
    (i64.const 0)))
