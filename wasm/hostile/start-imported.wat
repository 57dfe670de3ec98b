;; Names an imported function as its start, so that an engine would call the host while it instantiates.
;; expect: refused invalid
(module
  (import "trine" "log" (func $log (param i32 i32)))
  (memory (export "memory") 1 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (start $log)
  (func (export "run") (param i32 i32) (result i64)
    (i64.const 0)))
