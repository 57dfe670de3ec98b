;; Imports the same function twice, and tells the two apart by nothing.
;; expect: completed
;; output: 
(module
  (import "trine" "progress" (func $one (param i32 i32)))
  (import "trine" "progress" (func $two (param i32 i32)))
  (memory (export "memory") 1 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "run") (param i32 i32) (result i64)
    (call $one (i32.const 1) (i32.const 2))
    (call $two (i32.const 2) (i32.const 2))
    (i64.const 0)))
