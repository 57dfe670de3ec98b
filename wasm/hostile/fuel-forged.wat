;; Exports a global of its own under the name of the fuel global, full for ever.
;; expect: refused reserved-export
(module
  (memory (export "memory") 1 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (global (export "trine:fuel") (mut i64) (i64.const 0x7fff_ffff_ffff_ffff))
  (func (export "run") (param i32 i32) (result i64) (i64.const 0))
)
