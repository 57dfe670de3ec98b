;; The loop sits in the start function, which engines run while they instantiate. Ours runs it later, metered.
;; expect: out-of-fuel
(module
  (memory (export "memory") 1 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func $begin (loop $again (br $again)))
  (start $begin)
  (func (export "run") (param i32 i32) (result i64) (i64.const 0))
)
