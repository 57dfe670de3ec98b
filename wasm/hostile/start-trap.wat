;; The start function traps: an outcome of the task, not a failure of the machine.
;; expect: trapped
(module
  (memory (export "memory") 1 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func $begin unreachable)
  (start $begin)
  (func (export "run") (param i32 i32) (result i64) (i64.const 0))
)
