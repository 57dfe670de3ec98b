(module
  (type (;0;) (func (param i32) (result v128)))
  (type (;1;) (func (param v128 f32) (result f32)))
  (type (;2;) (func (param i32) (result i32)))
  (type (;3;) (func (param i32 i32) (result i64)))
  (type (;4;) (func (param i32) (result i32)))
  (type (;5;) (func (param i64 i64) (result i64)))
  (func (;0;) (type 0) (param i32) (result v128)
    (local v128 v128 v128 i64 i32 i32)
    loop  ;; label = @1
      local.get 0
      i32.const 16
      i32.sub
      i32.const 0
      i32.sub
      local.set 5
      local.get 5
      i32.const 87376
      local.get 5
      i32.const 87376
      i32.lt_u
      select
      i32.const 15
      i32.add
      i32.const 4
      i32.shr_u
      local.set 5
      local.get 0
      i32.const 16
      i32.sub
      local.get 5
      i32.const 16
      i32.mul
      i32.sub
      local.set 6
      global.get 1
      local.get 5
      i64.extend_i32_u
      i64.const 12
      i64.mul
      i64.const 12
      i64.add
      i64.sub
      local.tee 4
      global.set 1
      local.get 4
      i64.const 0
      i64.lt_s
      if  ;; label = @2
        unreachable
      end
      loop  ;; label = @2
        local.get 1
        local.get 0
        v128.load
        f32x4.mul
        local.get 1
        f32x4.add
        local.set 1
        local.get 0
        i32.const 16
        i32.sub
        local.tee 0
        local.get 6
        i32.ne
        br_if 0 (;@2;)
      end
      local.get 0
      i32.const 0
      i32.ne
      br_if 0 (;@1;)
    end
    global.get 1
    i64.const 17
    i64.sub
    global.set 1
    local.get 0
    v128.load
    local.set 2
    local.get 1
    f64x2.promote_low_f32x4
    local.set 2
    i32.const 0
    local.get 2
    local.tee 3
    local.get 3
    f64x2.ne
    i64x2.bitmask
    if  ;; label = @1
      local.get 3
      v128.const i32x4 0x00000000 0x7ff80000 0x00000000 0x7ff80000
      local.get 3
      local.get 3
      f64x2.eq
      v128.bitselect
      local.set 3
    end
    local.get 3
    v128.store
    local.get 1
    local.tee 3
    local.get 3
    f32x4.ne
    i32x4.bitmask
    if  ;; label = @1
      local.get 3
      v128.const i32x4 0x7fc00000 0x7fc00000 0x7fc00000 0x7fc00000
      local.get 3
      local.get 3
      f32x4.eq
      v128.bitselect
      local.set 3
    end
    local.get 3
    local.get 2
    local.tee 3
    local.get 3
    f64x2.ne
    i64x2.bitmask
    if  ;; label = @1
      local.get 3
      v128.const i32x4 0x00000000 0x7ff80000 0x00000000 0x7ff80000
      local.get 3
      local.get 3
      f64x2.eq
      v128.bitselect
      local.set 3
    end
    local.get 3
    i32x4.add
    global.set 0
    i32.const 0
    local.get 1
    local.tee 3
    local.get 3
    f32x4.ne
    i32x4.bitmask
    if  ;; label = @1
      local.get 3
      v128.const i32x4 0x7fc00000 0x7fc00000 0x7fc00000 0x7fc00000
      local.get 3
      local.get 3
      f32x4.eq
      v128.bitselect
      local.set 3
    end
    local.get 3
    v128.store
    local.get 1
    local.tee 3
    local.get 3
    f32x4.ne
    i32x4.bitmask
    if  ;; label = @1
      local.get 3
      v128.const i32x4 0x7fc00000 0x7fc00000 0x7fc00000 0x7fc00000
      local.get 3
      local.get 3
      f32x4.eq
      v128.bitselect
      local.set 3
    end
    local.get 3)
  (func (;1;) (type 1) (param v128 f32) (result f32)
    (local f32 i64 i32)
    global.get 1
    i64.const 10
    i64.sub
    local.tee 3
    global.set 1
    local.get 3
    i64.const -10
    i64.lt_s
    if  ;; label = @1
      unreachable
    end
    local.get 0
    local.get 1
    f32x4.replace_lane 2
    local.get 0
    f32x4.neg
    f32x4.pmax
    i32.const 0
    global.get 2
    i32.const 240
    i32.sub
    local.tee 4
    i32.const 0
    i32.lt_s
    if  ;; label = @1
      unreachable
    end
    local.get 4
    global.set 2
    call 0
    f32x4.div
    f32x4.extract_lane 1
    local.set 2
    block  ;; label = @1
      local.get 2
      local.get 2
      f32.ge
      br_if 0 (;@1;)
      f32.const nan (;=nan;)
      local.set 2
    end
    local.get 2)
  (func (;2;) (type 2) (param i32) (result i32)
    global.get 1
    i64.const 1
    i64.sub
    global.set 1
    i32.const 16)
  (func (;3;) (type 3) (param i32 i32) (result i64)
    global.get 1
    i64.const 1
    i64.sub
    global.set 1
    i64.const 0)
  (func (;4;) (type 1) (param v128 f32) (result f32)
    i32.const 307200
    global.set 2
    local.get 0
    local.get 1
    call 1)
  (func (;5;) (type 2) (param i32) (result i32)
    i32.const 307200
    global.set 2
    local.get 0
    call 2)
  (func (;6;) (type 3) (param i32 i32) (result i64)
    i32.const 307200
    global.set 2
    local.get 0
    local.get 1
    call 3)
  (func (;7;) (type 4) (param i32) (result i32)
    (local i32)
    local.get 0
    memory.grow
    local.tee 1
    i32.const -1
    i32.eq
    if  ;; label = @1
      memory.size
      i64.extend_i32_u
      local.get 0
      i64.extend_i32_u
      i64.add
      i64.const 16
      i64.le_u
      if  ;; label = @2
        i32.const 1
        global.set 3
        unreachable
      end
    else
      global.get 1
      local.get 0
      i64.extend_i32_u
      i64.const 8192
      i64.mul
      i64.sub
      global.set 1
      global.get 1
      i64.const 0
      i64.lt_s
      if  ;; label = @2
        unreachable
      end
    end
    local.get 1)
  (func (;8;) (type 4) (param i32) (result i32)
    global.get 1
    local.get 0
    i64.extend_i32_u
    i64.const 3
    i64.shr_u
    i64.sub
    global.set 1
    global.get 1
    i64.const 0
    i64.lt_s
    if  ;; label = @1
      unreachable
    end
    local.get 0)
  (func (;9;) (type 4) (param i32) (result i32)
    global.get 1
    local.get 0
    i64.extend_i32_u
    i64.const 0
    i64.shr_u
    i64.sub
    global.set 1
    global.get 1
    i64.const 0
    i64.lt_s
    if  ;; label = @1
      unreachable
    end
    local.get 0)
  (func (;10;) (type 5) (param i64 i64) (result i64)
    global.get 1
    local.get 0
    i64.add
    local.tee 0
    global.set 1
    local.get 0
    i64.const 0
    i64.lt_s
    if  ;; label = @1
      unreachable
    end
    global.get 1
    local.get 0
    local.get 1
    i64.sub
    i64.const 262143
    i64.and
    local.get 1
    i64.add
    local.tee 0
    i64.sub
    global.set 1
    local.get 0)
  (memory (;0;) 1 16)
  (global (;0;) (mut v128) (v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000))
  (global (;1;) (mut i64) (i64.const 0))
  (global (;2;) (mut i32) (i32.const 307200))
  (global (;3;) (mut i32) (i32.const 0))
  (export "lane" (func 4))
  (export "memory" (memory 0))
  (export "alloc" (func 5))
  (export "run" (func 6))
  (export "trine:fuel" (global 1))
  (export "trine:aborted" (global 3)))
