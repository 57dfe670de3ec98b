;; Initialises from a segment that it has dropped.
;; expect: trapped
(module
  (memory (export "memory") 1 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (data $gone "bytes")
  (func (export "run") (param i32 i32) (result i64)
    (data.drop $gone)
    (memory.init $gone (i32.const 0) (i32.const 0) (i32.const 1))
    (i64.const 0)))
