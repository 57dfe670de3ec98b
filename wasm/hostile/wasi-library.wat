;; A WASI library: nothing to begin at.
;; expect: refused abi-missing-export
(module
  (import "wasi_snapshot_preview1" "fd_close" (func $fd_close (param i32) (result i32)))
  (memory (export "memory") 16 16)
  (func (export "_initialize"))
)
