;; Reads an i32 as an i64. Engines refuse it too; the rewriter must not count on them.
;; expect: refused invalid
(module
  (memory (export "memory") 1 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "run") (param i32 i32) (result i64) (local.get 0))
)
