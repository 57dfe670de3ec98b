(module
  (type (;0;) (func))
  (type (;1;) (func (param i32) (result i32)))
  (type (;2;) (func (param i32 i32) (result i64)))
  (type (;3;) (func (param i32) (result i32)))
  (type (;4;) (func (param i64 i64) (result i64)))
  (func (;0;) (type 0))
  (func (;1;) (type 1) (param i32) (result i32)
    global.get 6
    i64.const 1
    i64.sub
    global.set 6
    i32.const 16)
  (func (;2;) (type 2) (param i32 i32) (result i64)
    global.get 6
    i64.const 1
    i64.sub
    global.set 6
    i64.const 0)
  (func (;3;) (type 1) (param i32) (result i32)
    i32.const 307200
    global.set 7
    local.get 0
    call 1)
  (func (;4;) (type 2) (param i32 i32) (result i64)
    i32.const 307200
    global.set 7
    local.get 0
    local.get 1
    call 2)
  (func (;5;) (type 3) (param i32) (result i32)
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
        global.set 8
        unreachable
      end
    else
      global.get 6
      local.get 0
      i64.extend_i32_u
      i64.const 8192
      i64.mul
      i64.sub
      global.set 6
      global.get 6
      i64.const 0
      i64.lt_s
      if  ;; label = @2
        unreachable
      end
    end
    local.get 1)
  (func (;6;) (type 3) (param i32) (result i32)
    global.get 6
    local.get 0
    i64.extend_i32_u
    i64.const 3
    i64.shr_u
    i64.sub
    global.set 6
    global.get 6
    i64.const 0
    i64.lt_s
    if  ;; label = @1
      unreachable
    end
    local.get 0)
  (func (;7;) (type 3) (param i32) (result i32)
    global.get 6
    local.get 0
    i64.extend_i32_u
    i64.const 0
    i64.shr_u
    i64.sub
    global.set 6
    global.get 6
    i64.const 0
    i64.lt_s
    if  ;; label = @1
      unreachable
    end
    local.get 0)
  (func (;8;) (type 4) (param i64 i64) (result i64)
    global.get 6
    local.get 0
    i64.add
    local.tee 0
    global.set 6
    local.get 0
    i64.const 0
    i64.lt_s
    if  ;; label = @1
      unreachable
    end
    global.get 6
    local.get 0
    local.get 1
    i64.sub
    i64.const 262143
    i64.and
    local.get 1
    i64.add
    local.tee 0
    i64.sub
    global.set 6
    local.get 0)
  (table (;0;) 4 1000000 funcref)
  (memory (;0;) 1 16)
  (global (;0;) i32 (i32.const 1))
  (global (;1;) i32 (i32.const 3))
  (global (;2;) i64 (i64.const -9223372036854775807))
  (global (;3;) f64 (f64.const 0x1p-1 (;=0.5;)))
  (global (;4;) (mut f64) (f64.const 0x1p-1 (;=0.5;)))
  (global (;5;) funcref (ref.func 0))
  (global (;6;) (mut i64) (i64.const 0))
  (global (;7;) (mut i32) (i32.const 307200))
  (global (;8;) (mut i32) (i32.const 0))
  (export "memory" (memory 0))
  (export "alloc" (func 3))
  (export "run" (func 4))
  (export "trine:fuel" (global 6))
  (export "trine:aborted" (global 8))
  (elem (;0;) (i32.const 3) func 0)
  (data (;0;) (i32.const 0) "abc"))
