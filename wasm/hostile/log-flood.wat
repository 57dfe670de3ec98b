;; Logs a line of a mebibyte over and over. Lines are cut and counted; fuel ends the rest.
;; expect: out-of-fuel
(module
  (import "trine" "log" (func $log (param i32 i32)))
  (memory (export "memory") 16 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "run") (param i32 i32) (result i64)
    (loop $again
      (call $log (i32.const 0) (i32.const 1048576))
      (br $again))
    (i64.const 0))
)
