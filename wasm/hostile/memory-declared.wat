;; Asks for four gibibytes in its declaration, before a single instruction is paid.
;; expect: refused limit-memory-pages
(module
  (memory (export "memory") 65536)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "run") (param i32 i32) (result i64) (i64.const 0))
)
