;; No run and no step: nothing to drive.
;; expect: refused abi-missing-export
(module
  (memory (export "memory") 1 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
)
