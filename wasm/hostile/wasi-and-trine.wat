;; A WASI command that asks for the host imports of the other ABI as well.
;; expect: refused unknown-import
(module
  (import "wasi_snapshot_preview1" "fd_close" (func $fd_close (param i32) (result i32)))
  (import "trine" "log" (func (param i32 i32)))
  (memory (export "memory") 16 16)
  (func (export "_start"))
)
