;; Reports progress without a pause, with figures that make no sense.
;; expect: out-of-fuel
(module
  (import "trine" "progress" (func $progress (param i32 i32)))
  (memory (export "memory") 1 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "run") (param i32 i32) (result i64)
    (loop $again
      (call $progress (i32.const -1) (i32.const 0))
      (br $again))
    (i64.const 0))
)
