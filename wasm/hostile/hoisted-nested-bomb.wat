;; Counted loops in one another: the price of the outermost is a product far past 64 bits, of the innermost it is small.
;; expect: out-of-fuel
(module
  (memory (export "memory") 1 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "run") (param i32 i32) (result i64)
    (local $a i32) (local $b i32) (local $c i32)
    (loop $x
      (local.set $b (i32.const 0))
      (loop $y
        (local.set $c (i32.const 0))
        (loop $z
          (local.set $c (i32.add (local.get $c) (i32.const 1)))
          (br_if $z (i32.lt_u (local.get $c) (i32.const 1000))))
        (local.set $b (i32.add (local.get $b) (i32.const 1)))
        (br_if $y (i32.ne (local.get $b) (i32.const 0))))
      (local.set $a (i32.add (local.get $a) (i32.const 1)))
      (br_if $x (i32.ne (local.get $a) (i32.const 0))))
    (i64.const 0)))
