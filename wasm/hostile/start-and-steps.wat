;; A step guest whose module start, metered and first, sets what its start export then reads: 7 before any step.
;; expect: completed
;; output: 07000000
(module
  (memory (export "memory") 1 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (global $seen (mut i32) (i32.const 0))
  (func $first (global.set $seen (i32.add (global.get $seen) (i32.const 7))))
  (start $first)
  (func (export "start") (param i32 i32) (i32.store (i32.const 0) (global.get $seen)))
  (func (export "step") (result i32) (i32.const 0))
  (func (export "output") (result i64) (i64.const 4)))
