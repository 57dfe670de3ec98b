;; A counted loop with a step of nothing.
;; expect: out-of-fuel
(module
  (memory (export "memory") 1 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "run") (param i32 i32) (result i64)
    (local $i i64)
    (loop $again
      (local.set $i (i64.add (local.get $i) (i64.const 0)))
      (br_if $again (i64.lt_s (local.get $i) (i64.const 1))))
    (i64.const 0)))
