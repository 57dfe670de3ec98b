;; Exported functions are entered from outside and from inside; the inner calls are charged as well.
;; expect: out-of-fuel
(module
  (memory (export "memory") 1 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (global $calls (mut i32) (i32.const 0))
  (func $run (export "run") (param i32 i32) (result i64)
    (loop $again
      (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
      (if (i32.lt_u (local.get 0) (i32.const 2000))
        (then (br_if $again (i64.eqz (call $run (i32.const 2000) (i32.const 0))))))
      (br_if $again (i32.lt_u (local.get 0) (i32.const 2000))))
    (i64.const 0))
)
