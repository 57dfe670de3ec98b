;; Grows by more than there can ever be. The answer is -1 four times, and none of it was tried.
;; expect: completed
;; output: ffffffffffffffffffffffffffffffff
(module
  (memory (export "memory") 1 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "run") (param i32 i32) (result i64)
    (i32.store (i32.const 0) (memory.grow (i32.const -1)))
    (i32.store (i32.const 4) (memory.grow (i32.const 65536)))
    (i32.store (i32.const 8) (memory.grow (i32.const 0x7fffffff)))
    (i32.store (i32.const 12) (memory.grow (i32.const 16)))
    (i64.const 16)))
