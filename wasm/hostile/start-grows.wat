;; The start function takes all memory it may have. What run then finds is the same everywhere.
;; expect: completed
;; output: 10000000
(module
  (memory (export "memory") 1 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func $start
    (loop $again
      (br_if $again (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))))
  (start $start)
  (func (export "run") (param i32 i32) (result i64)
    (i32.store (i32.const 0) (memory.size))
    (i64.const 4)))
