;; Asks for files above the root, from the root of the machine, with a NUL and in no UTF-8: ENOTCAPABLE (76) twice,
;; EINVAL (28), EILSEQ (25). The exit code is the sum.
;; expect: completed
;; output: a36673746465727240667374646f7574406865786974436f646518cd
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (import "wasi_snapshot_preview1" "path_open" (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (memory (export "memory") 16 16)
  (data (i32.const 0) "../../etc/passwd")
  (data (i32.const 32) "/etc/passwd")
  (data (i32.const 64) "a\00b")
  (data (i32.const 96) "\ff\fe")
  (func $open (param $at i32) (param $size i32) (result i32)
    (call $path_open (i32.const 3) (i32.const 1) (local.get $at) (local.get $size)
      (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 256)))
  (func (export "_start")
    (call $open (i32.const 0) (i32.const 16))
    (i32.add (call $open (i32.const 32) (i32.const 11)))
    (i32.add (call $open (i32.const 64) (i32.const 3)))
    (i32.add (call $open (i32.const 96) (i32.const 2)))
    (call $proc_exit))
)
