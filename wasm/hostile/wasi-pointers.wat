;; Hands pointers outside its memory to host calls, as wide as they go. Each answers EFAULT, 21, and nothing is written:
;; the exit code is the sum.
;; expect: completed
;; output: a36673746465727240667374646f7574406865786974436f646518d2
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock_time_get (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open" (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_readdir" (func $fd_readdir (param i32 i32 i32 i64 i32) (result i32)))
  (memory (export "memory") 16 16)
  ;; a vector of four gibibytes
  (data (i32.const 0) "\00\00\00\00\ff\ff\ff\ff")
  (func $sum (result i32)
    (call $random_get (i32.const 1048575) (i32.const 2))
    (i32.add (call $random_get (i32.const -1) (i32.const -1)))
    (i32.add (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 64)))
    (i32.add (call $fd_write (i32.const 1) (i32.const -8) (i32.const 1) (i32.const 64)))
    (i32.add (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 64)))
    (i32.add (call $args_get (i32.const -4) (i32.const 64)))
    (i32.add (call $clock_time_get (i32.const 0) (i64.const 0) (i32.const 1048569)))
    (i32.add (call $poll_oneoff (i32.const 1048570) (i32.const 0) (i32.const 1) (i32.const 64)))
    (i32.add (call $path_open (i32.const 3) (i32.const 0) (i32.const 2147483647) (i32.const 2147483647)
      (i32.const 0) (i64.const -1) (i64.const -1) (i32.const -1) (i32.const 64)))
    (i32.add (call $fd_readdir (i32.const 3) (i32.const 0) (i32.const -1) (i64.const -1) (i32.const 64))))
  (func (export "_start") (call $proc_exit (call $sum)))
)
