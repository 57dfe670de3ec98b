;; Call depth: a caller takes its frame off the budget at its entry; leaves, and calls of imports, are free.
(module
  (type $unary (func (param i32) (result i32)))
  (import "trine" "progress" (func $progress (param i32 i32)))
  (table 1 funcref)
  (elem (i32.const 0) $recurse)
  (func $leaf (param i32) (result i32) local.get 0)
  (func $reports i32.const 1 i32.const 2 call $progress)
  (func $recurse (type $unary)
    local.get 0
    call $leaf
    i32.const 0
    call_indirect (type $unary))
  (memory (export "memory") 1)
  (func (export "alloc") (param i32) (result i32) i32.const 16)
  (func (export "run") (param i32 i32) (result i64) i64.const 0))
