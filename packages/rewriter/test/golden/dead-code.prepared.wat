(module
  (type (;0;) (func (param i32) (result i32)))
  (type (;1;) (func (param i32 i32) (result i64)))
  (type (;2;) (func (param i32) (result i32)))
  (type (;3;) (func (param i64 i64) (result i64)))
  (func (;0;) (type 0) (param i32) (result i32)
    (local i64)
    global.get 0
    i64.const 4166
    i64.sub
    global.set 0
    i64.const 4166
    local.set 1
    loop  ;; label = @1
      local.get 1
      i64.const 70
      i64.lt_s
      if  ;; label = @2
        local.get 1
        i64.const 70
        call 8
        local.set 1
      end
      loop  ;; label = @2
        local.get 1
        i64.const 70
        i64.lt_s
        br_if 1 (;@1;)
        local.get 0
        if  ;; label = @3
          local.get 1
          i64.const 3
          i64.sub
          local.set 1
          unreachable
          i32.const 1
          drop
        end
        local.get 1
        i64.const 3
        i64.sub
        local.set 1
        br 0 (;@2;)
      end
    end
    i32.const 1
    return
    i32.const 2)
  (func (;1;) (type 0) (param i32) (result i32)
    global.get 0
    i64.const 1
    i64.sub
    global.set 0
    i32.const 16)
  (func (;2;) (type 1) (param i32 i32) (result i64)
    global.get 0
    i64.const 1
    i64.sub
    global.set 0
    i64.const 0)
  (func (;3;) (type 0) (param i32) (result i32)
    i32.const 307200
    global.set 1
    local.get 0
    call 1)
  (func (;4;) (type 1) (param i32 i32) (result i64)
    i32.const 307200
    global.set 1
    local.get 0
    local.get 1
    call 2)
  (func (;5;) (type 2) (param i32) (result i32)
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
  (func (;6;) (type 2) (param i32) (result i32)
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
  (func (;7;) (type 2) (param i32) (result i32)
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
  (func (;8;) (type 3) (param i64 i64) (result i64)
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
  (memory (;0;) 1 16)
  (global (;0;) (mut i64) (i64.const 0))
  (global (;1;) (mut i32) (i32.const 307200))
  (global (;2;) (mut i32) (i32.const 0))
  (export "memory" (memory 0))
  (export "alloc" (func 3))
  (export "run" (func 4))
  (export "trine:fuel" (global 0))
  (export "trine:aborted" (global 2)))
