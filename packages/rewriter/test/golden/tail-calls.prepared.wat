(module
  (type (;0;) (func (param i32) (result i32)))
  (type (;1;) (func (param i32 i32) (result i64)))
  (type (;2;) (func (param i32) (result i32)))
  (type (;3;) (func (param i64 i64) (result i64)))
  (func (;0;) (type 0) (param i32) (result i32)
    (local i64)
    local.get 0
    i32.eqz
    if  ;; label = @1
      global.get 0
      i64.const 5
      i64.sub
      global.set 0
      i32.const 1
      return
    end
    global.get 0
    i64.const 7
    i64.sub
    local.tee 1
    global.set 0
    local.get 1
    i64.const -4
    i64.lt_s
    if  ;; label = @1
      unreachable
    end
    local.get 0
    i32.const 1
    i32.sub
    return_call 1)
  (func (;1;) (type 0) (param i32) (result i32)
    (local i32 i64 i32 i32 i32)
    local.get 0
    i32.eqz
    if  ;; label = @1
      global.get 0
      i64.const 5
      i64.sub
      global.set 0
      i32.const 0
      return
    end
    global.get 0
    i64.const 3
    i64.sub
    global.set 0
    loop  ;; label = @1
      i32.const 3
      local.get 1
      i32.const 1
      i32.add
      i32.sub
      i32.const 0
      local.get 1
      i32.const 1
      i32.add
      i32.const 3
      i32.lt_u
      select
      local.set 3
      local.get 3
      i32.const 9362
      local.get 3
      i32.const 9362
      i32.lt_u
      select
      local.set 3
      local.get 1
      i32.const 1
      i32.add
      local.get 3
      i32.add
      local.set 4
      global.get 0
      local.get 3
      i64.extend_i32_u
      i64.const 7
      i64.mul
      i64.const 7
      i64.add
      i64.sub
      local.tee 2
      global.set 0
      local.get 2
      i64.const 0
      i64.lt_s
      if  ;; label = @2
        unreachable
      end
      loop  ;; label = @2
        local.get 1
        i32.const 1
        i32.add
        local.tee 1
        local.get 4
        i32.ne
        br_if 0 (;@2;)
      end
      local.get 1
      i32.const 3
      i32.lt_u
      br_if 0 (;@1;)
    end
    global.get 0
    i64.const 8
    i64.sub
    local.tee 2
    global.set 0
    local.get 2
    i64.const -8
    i64.lt_s
    if  ;; label = @1
      unreachable
    end
    i32.const 0
    global.get 1
    i32.const 112
    i32.sub
    local.tee 5
    i32.const 0
    i32.lt_s
    if  ;; label = @1
      unreachable
    end
    local.get 5
    global.set 1
    call 0
    drop
    local.get 0
    i32.const 1
    i32.sub
    i32.const 0
    local.get 5
    i32.const 112
    i32.add
    global.set 1
    return_call_indirect (type 0))
  (func (;2;) (type 0) (param i32) (result i32)
    global.get 0
    i64.const 1
    i64.sub
    global.set 0
    i32.const 16)
  (func (;3;) (type 1) (param i32 i32) (result i64)
    global.get 0
    i64.const 1
    i64.sub
    global.set 0
    i64.const 0)
  (func (;4;) (type 0) (param i32) (result i32)
    i32.const 307200
    global.set 1
    local.get 0
    call 2)
  (func (;5;) (type 1) (param i32 i32) (result i64)
    i32.const 307200
    global.set 1
    local.get 0
    local.get 1
    call 3)
  (func (;6;) (type 2) (param i32) (result i32)
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
        global.set 2
        unreachable
      end
    else
      global.get 0
      local.get 0
      i64.extend_i32_u
      i64.const 8192
      i64.mul
      i64.sub
      global.set 0
      global.get 0
      i64.const 0
      i64.lt_s
      if  ;; label = @2
        unreachable
      end
    end
    local.get 1)
  (func (;7;) (type 2) (param i32) (result i32)
    global.get 0
    local.get 0
    i64.extend_i32_u
    i64.const 3
    i64.shr_u
    i64.sub
    global.set 0
    global.get 0
    i64.const 0
    i64.lt_s
    if  ;; label = @1
      unreachable
    end
    local.get 0)
  (func (;8;) (type 2) (param i32) (result i32)
    global.get 0
    local.get 0
    i64.extend_i32_u
    i64.const 0
    i64.shr_u
    i64.sub
    global.set 0
    global.get 0
    i64.const 0
    i64.lt_s
    if  ;; label = @1
      unreachable
    end
    local.get 0)
  (func (;9;) (type 3) (param i64 i64) (result i64)
    global.get 0
    local.get 0
    i64.add
    local.tee 0
    global.set 0
    local.get 0
    i64.const 0
    i64.lt_s
    if  ;; label = @1
      unreachable
    end
    global.get 0
    local.get 0
    local.get 1
    i64.sub
    i64.const 262143
    i64.and
    local.get 1
    i64.add
    local.tee 0
    i64.sub
    global.set 0
    local.get 0)
  (table (;0;) 2 1000000 funcref)
  (memory (;0;) 1 16)
  (global (;0;) (mut i64) (i64.const 0))
  (global (;1;) (mut i32) (i32.const 307200))
  (global (;2;) (mut i32) (i32.const 0))
  (export "memory" (memory 0))
  (export "alloc" (func 4))
  (export "run" (func 5))
  (export "trine:fuel" (global 0))
  (export "trine:aborted" (global 2))
  (elem (;0;) (i32.const 0) func 0 1))
