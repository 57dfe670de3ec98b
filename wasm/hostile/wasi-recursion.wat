;; Recurses without end and calls its host at every depth. The call budget ends it while the host still has room.
;; expect: trapped
(module
  (import "wasi_snapshot_preview1" "path_filestat_get" (func $stat (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 16 16)
  (data (i32.const 0) "a/../b")
  (func $down (param $depth i32) (result i32)
    (drop (call $stat (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 6) (i32.const 64)))
    (i32.add (i32.const 1) (call $down (i32.add (local.get $depth) (i32.const 1)))))
  (func (export "_start") (drop (call $down (i32.const 0))))
)
