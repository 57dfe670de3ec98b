;; Grows a page at a time for as long as it is let, touching each. Past the limit growth answers -1; the pages
;; that it got (16, counted in the output) are the limit on every machine.
;; expect: completed
;; output: 10000000
(module
  (memory (export "memory") 1)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "run") (param i32 i32) (result i64)
    (loop $again
      (i32.store (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 4)) (i32.const -1))
      (br_if $again (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
    (i32.store (i32.const 0) (memory.size))
    (i64.const 4))
)
