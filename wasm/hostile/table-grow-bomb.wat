;; Two tables that grow as long as they may, a lot at a time; what they got is the output, and is bounded.
;; expect: completed
;; output: 40420f00
(module
  (memory (export "memory") 1 16)
  (table $a 0 funcref)
  (table $b 0 externref)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "run") (param i32 i32) (result i64)
    (loop $more
      (drop (table.grow $b (ref.null extern) (i32.const 10000)))
      (br_if $more (i32.ne (table.grow $a (ref.null func) (i32.const 10000)) (i32.const -1))))
    (i32.store (i32.const 0) (i32.add (table.size $a) (table.size $b)))
    (i64.const 4))
)
