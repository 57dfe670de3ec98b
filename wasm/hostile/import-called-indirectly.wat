;; Puts imports in a table and calls them from there, with whatever is at hand.
;; expect: completed
;; output: 
(module
  (import "trine" "log" (func $log (param i32 i32)))
  (import "trine" "progress" (func $progress (param i32 i32)))
  (memory (export "memory") 1 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (table 2 funcref)
  (elem (i32.const 0) $log $progress)
  (type $host (func (param i32 i32)))
  (func (export "run") (param i32 i32) (result i64)
    (call_indirect (type $host) (i32.const -1) (i32.const -1) (i32.const 0))
    (call_indirect (type $host) (i32.const -1) (i32.const -1) (i32.const 1))
    (i64.const 0)))
