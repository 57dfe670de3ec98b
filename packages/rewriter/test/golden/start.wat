;; The start function becomes an export, and custom sections go.
(module
  (global $g (mut i32) (i32.const 0))
  (start $begin)
  (func $begin i32.const 1 global.set $g)
  (memory (export "memory") 1)
  (func (export "alloc") (param i32) (result i32) i32.const 16)
  (func (export "run") (param i32 i32) (result i64) i64.const 0))
