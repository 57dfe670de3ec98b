;; A counted loop that jumps over its bound: below the largest number there is, by steps of two, the counter wraps to 0.
;; expect: out-of-fuel
(module
  (memory (export "memory") 1 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "run") (param i32 i32) (result i64)
    (local $i i32)
    (block $done
      (loop $again
        (br_if $done (i32.ge_u (local.get $i) (i32.const -1)))
        (local.set $i (i32.add (local.get $i) (i32.const 2)))
        (br $again)))
    (i64.const 0)))
