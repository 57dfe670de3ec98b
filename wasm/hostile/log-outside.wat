;; Logs what lies outside its memory. The line is dropped, and the guest cannot tell.
;; expect: completed
;; output: 
(module
  (import "trine" "log" (func $log (param i32 i32)))
  (memory (export "memory") 1 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "run") (param i32 i32) (result i64)
    (call $log (i32.const 65535) (i32.const 2))
    (call $log (i32.const -1) (i32.const -1))
    (i64.const 0))
)
