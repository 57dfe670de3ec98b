;; A step guest that takes a page in each step, and never says that it is done. Its memory is the limit's; its steps, the fuel's.
;; expect: out-of-fuel
(module
  (memory (export "memory") 1 16)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "start") (param i32 i32))
  (func (export "step") (result i32) (drop (memory.grow (i32.const 1))) (i32.const 1))
  (func (export "output") (result i64) (i64.const 0)))
