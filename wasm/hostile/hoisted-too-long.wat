;; A counted loop that does end, after 2^64 - 1 turns: its price does not fit the type of the fuel.
;; expect: out-of-fuel
(module
  (memory (export "memory") 1 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "run") (param i32 i32) (result i64)
    (local $i i64)
    (local.set $i (i64.const -1))
    (loop $again
      (br_if $again (i64.ne (local.tee $i (i64.sub (local.get $i) (i64.const 1))) (i64.const 0))))
    (i64.const 0)))
