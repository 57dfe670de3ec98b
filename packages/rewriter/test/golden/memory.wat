;; Memory: the maximum is the job's, growth goes through one function, bulk instructions pay by size.
(module
  (memory (export "memory") 1 60000)
  (data $d "hello")
  (func (param i32) (result i32)
    i32.const 0
    i32.const 0
    local.get 0
    memory.copy
    i32.const 0
    i32.const 7
    local.get 0
    memory.fill
    i32.const 0
    i32.const 0
    i32.const 5
    memory.init $d
    data.drop $d
    local.get 0
    memory.grow)
  (func (export "alloc") (param i32) (result i32) i32.const 16)
  (func (export "run") (param i32 i32) (result i64) i64.const 0))
