;; Exports functions under names that JavaScript gives a meaning, such as the one that makes a promise of an object.
;; expect: completed
;; output: 
(module
  (memory (export "memory") 1 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "then") (param i32 i32) (unreachable))
  (func (export "toString") (result i32) (unreachable))
  (func (export "constructor") (unreachable))
  (func (export "__proto__") (unreachable))
  (func (export "run") (param i32 i32) (result i64)
    (i64.const 0)))
