;; Grows its memory while it is asked for a place: the host must not write to the memory that was.
;; expect: completed
;; output: 010203
(module
  (memory (export "memory") 1 16)
  (func (export "alloc") (param i32) (result i32)
    (i32.mul (memory.grow (i32.const 1)) (i32.const 65536)))
  (func (export "run") (param i32 i32) (result i64)
    (i64.or (i64.shl (i64.extend_i32_u (local.get 0)) (i64.const 32)) (i64.const 3))))
