;; Takes a WASI call for one of another type, to have its numbers misread.
;; expect: refused import-wrong-signature
(module
  (import "wasi_snapshot_preview1" "fd_seek" (func $fd_seek (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 16 16)
  (func (export "_start"))
)
