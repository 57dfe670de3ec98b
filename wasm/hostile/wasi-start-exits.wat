;; Exits from its start function, before `_start`. That is an answer: exit code 9.
;; expect: completed
;; output: a36673746465727240667374646f7574406865786974436f646509
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 16 16)
  (func $begin (call $proc_exit (i32.const 9)))
  (start $begin)
  (func (export "_start") unreachable)
)
