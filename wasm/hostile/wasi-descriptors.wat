;; Opens the root folder again and again. The 1,025th descriptor is refused with EMFILE, 33, the exit code.
;; expect: completed
;; output: a36673746465727240667374646f7574406865786974436f64651821
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (import "wasi_snapshot_preview1" "path_open" (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (memory (export "memory") 16 16)
  (data (i32.const 0) ".")
  (func (export "_start") (local $errno i32)
    (loop $again
      (local.set $errno (call $path_open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 1)
        (i32.const 2) (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 64)))
      (br_if $again (i32.eqz (local.get $errno))))
    (call $proc_exit (local.get $errno)))
)
