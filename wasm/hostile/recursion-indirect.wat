;; Two functions call each other through the table, with ever more operands held on the stack.
;; expect: trapped
(module
  (memory (export "memory") 1 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (type $step (func (param i64) (result i64)))
  (table 2 2 funcref)
  (elem (i32.const 0) $ping $pong)
  (func $ping (type $step)
    (i64.add (i64.mul (local.get 0) (i64.const 3))
      (i64.add (i64.xor (local.get 0) (i64.const 5))
        (call_indirect (type $step) (i64.add (local.get 0) (i64.const 1)) (i32.const 1)))))
  (func $pong (type $step)
    (call_indirect (type $step) (i64.sub (local.get 0) (i64.const 1)) (i32.const 0)))
  (func (export "run") (param i32 i32) (result i64) (call $ping (i64.const 7)))
)
