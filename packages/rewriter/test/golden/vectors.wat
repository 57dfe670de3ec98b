;; Vectors: lanes that arithmetic made are canonical where they are read otherwise, and where it is uncertain.
(module
  (global $g (mut v128) (v128.const i32x4 0 0 0 0))
  (func $sum (param i32) (result v128)
    (local $acc v128) (local $mixed v128)
    loop
      local.get $acc local.get 0 v128.load f32x4.mul local.get $acc f32x4.add local.set $acc
      local.get 0 i32.const 16 i32.sub local.tee 0 br_if 0
    end
    local.get 0 v128.load local.set $mixed
    local.get $acc f64x2.promote_low_f32x4 local.set $mixed
    i32.const 0 local.get $mixed v128.store
    local.get $acc local.get $mixed i32x4.add global.set $g
    i32.const 0 local.get $acc v128.store
    local.get $acc)
  (func (export "lane") (param v128 f32) (result f32)
    local.get 0 local.get 1 f32x4.replace_lane 2
    local.get 0 f32x4.neg
    f32x4.pmax
    i32.const 0 call $sum f32x4.div f32x4.extract_lane 1)
  (memory (export "memory") 1)
  (func (export "alloc") (param i32) (result i32) i32.const 16)
  (func (export "run") (param i32 i32) (result i64) i64.const 0))
