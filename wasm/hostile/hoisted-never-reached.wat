;; A counted loop whose exit is never met: steps of two pass over the odd number that ends it, round and round. Whoever
;; charges a loop before it begins must see that this one has no end.
;; expect: out-of-fuel
(module
  (memory (export "memory") 1 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "run") (param i32 i32) (result i64)
    (local $i i32)
    (loop $again
      (local.set $i (i32.add (local.get $i) (i32.const 2)))
      (br_if $again (i32.ne (local.get $i) (i32.const 7))))
    (i64.const 0)))
