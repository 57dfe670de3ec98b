;; NaNs that arithmetic made are canonical where they are shown; copies keep their payload.
(module
  (global $g (mut f32) (f32.const 0))
  (func (param f64) (local f64)
    i32.const 0
    local.get 0
    f64.const 1
    f64.add
    f64.store
    i32.const 8
    i32.const 0
    f64.load
    local.tee 1
    f64.store
    local.get 1
    i64.reinterpret_f64
    drop
    f32.const 2
    f32.sqrt
    global.set $g
    f32.const 1
    global.get $g
    f32.sqrt
    f32.copysign
    drop)
  (func (export "result") (param f64 i32) (result i32 f64) local.get 1 local.get 0)
  (memory (export "memory") 1)
  (func (export "alloc") (param i32) (result i32) i32.const 16)
  (func (export "run") (param i32 i32) (result i64) i64.const 0))
