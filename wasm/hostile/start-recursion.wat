;; The start function recurses without an end, before any input is there.
;; expect: trapped
(module
  (memory (export "memory") 1 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func $start (call $start))
  (start $start)
  (func (export "run") (param i32 i32) (result i64)
    (i64.const 0)))
