;; The bound of a counted loop moves ahead of its counter, through memory.
;; expect: out-of-fuel
(module
  (memory (export "memory") 1 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "run") (param i32 i32) (result i64)
    (local $i i32)
    (local $end i32)
    (loop $again
      (local.set $end (i32.add (local.get $i) (i32.const 2)))
      (i32.store (i32.const 0) (local.get $end))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $i) (i32.load (i32.const 0)))))
    (i64.const 0)))
