;; Tail calls through a table, in a ring of two: no frames, no end, and every turn is paid.
;; expect: out-of-fuel
(module
  (memory (export "memory") 1 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (table 2 funcref)
  (elem (i32.const 0) $a $b)
  (type $ring (func (param i64) (result i64)))
  (func $a (param i64) (result i64)
    (return_call_indirect (type $ring) (i64.add (local.get 0) (i64.const 1)) (i32.const 1)))
  (func $b (param i64) (result i64)
    (return_call_indirect (type $ring) (i64.add (local.get 0) (i64.const 1)) (i32.const 0)))
  (func (export "run") (param i32 i32) (result i64)
    (call $a (i64.const 0))))
