;; Recursion whose every second frame is an exported function, entered from inside: no fresh budget comes with it.
;; expect: trapped
(module
  (memory (export "memory") 1 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func $down (result i64) (call $run (i32.const 0) (i32.const 0)))
  (func $run (export "run") (param i32 i32) (result i64) (i64.add (call $down) (i64.const 1))))
