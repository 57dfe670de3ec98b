;; Imports its memory, which a host might share with something else.
;; expect: refused unknown-import
(module
  (import "trine" "memory" (memory 1))
  (export "memory" (memory 0))
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "run") (param i32 i32) (result i64) (i64.const 0))
)
