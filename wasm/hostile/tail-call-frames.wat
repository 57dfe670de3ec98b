;; Recursion that changes frames by tail calls on its way down: each tail call gives back only its own frame.
;; expect: trapped
(module
  (memory (export "memory") 1 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func $down (param i64 i64 i64 i64) (result i64)
    (i64.add
      (call $swap (local.get 0))
      (local.get 1)))
  (func $swap (param i64) (result i64)
    (return_call $down (local.get 0) (local.get 0) (local.get 0) (local.get 0)))
  (func (export "run") (param i32 i32) (result i64) (call $swap (i64.const 1)))
)
