;; A fill of almost four gibibytes in a memory of one page. Its size is paid for before it is tried, so the fuel
;; runs out where an engine would have trapped.
;; expect: out-of-fuel
(module
  (memory (export "memory") 1 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "run") (param i32 i32) (result i64)
    (memory.fill (i32.const 16) (i32.const 1) (i32.const -16))
    (i64.const 0))
)
