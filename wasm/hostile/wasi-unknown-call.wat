;; Asks for a call that WASI preview 1 does not have.
;; expect: refused unknown-import
(module
  (import "wasi_snapshot_preview1" "sock_open" (func $sock_open (param i32 i32 i32) (result i32)))
  (memory (export "memory") 16 16)
  (func (export "_start"))
)
