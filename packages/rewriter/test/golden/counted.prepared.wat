(module
  (type (;0;) (func (param i32) (result i32)))
  (type (;1;) (func (param i32 i32) (result i64)))
  (type (;2;) (func (result i32)))
  (type (;3;) (func (param i32) (result i32)))
  (type (;4;) (func (param i64 i64) (result i64)))
  (func (;0;) (type 0) (param i32) (result i32)
    global.get 0
    i64.const 1
    i64.sub
    global.set 0
    i32.const 16)
  (func (;1;) (type 1) (param i32 i32) (result i64)
    global.get 0
    i64.const 1
    i64.sub
    global.set 0
    i64.const 0)
  (func (;2;) (type 2) (result i32)
    (local i32 i32)
    global.get 0
    i64.const 1201
    i64.sub
    global.set 0
    loop  ;; label = @1
      i32.const 1024
      local.get 0
      i32.add
      i32.const 7
      i32.store8
      local.get 0
      i32.const 1
      i32.add
      local.tee 0
      i32.const 100
      i32.ne
      br_if 0 (;@1;)
    end
    local.get 0)
  (func (;3;) (type 0) (param i32) (result i32)
    (local i32 i32 i64 i32 i32)
    loop  ;; label = @1
      local.get 0
      local.get 1
      i32.sub
      i32.const 0
      local.get 1
      local.get 0
      i32.lt_s
      select
      local.set 4
      local.get 4
      i32.const 18724
      local.get 4
      i32.const 18724
      i32.lt_u
      select
      i32.const 3
      i32.add
      i32.const 2
      i32.shr_u
      local.set 4
      local.get 1
      local.get 4
      i32.const 4
      i32.mul
      i32.add
      local.set 5
      global.get 0
      local.get 4
      i64.extend_i32_u
      i64.const 14
      i64.mul
      i64.sub
      local.tee 3
      global.set 0
      local.get 3
      i64.const 0
      i64.lt_s
      if  ;; label = @2
        unreachable
      end
      loop  ;; label = @2
        local.get 1
        local.get 5
        i32.ne
        if  ;; label = @3
          local.get 2
          local.get 1
          i32.load8_u
          i32.add
          local.set 2
          local.get 1
          i32.const 4
          i32.add
          local.set 1
          br 1 (;@2;)
        end
      end
      local.get 1
      local.get 0
      i32.lt_s
      br_if 0 (;@1;)
    end
    global.get 0
    i64.const 5
    i64.sub
    global.set 0
    local.get 2)
  (func (;4;) (type 0) (param i32) (result i32)
    (local i32 i64 i32 i32)
    global.get 0
    i64.const 4160
    i64.sub
    global.set 0
    i64.const 4160
    local.set 2
    loop  ;; label = @1
      local.get 0
      i32.const 1
      i32.sub
      i32.const 0
      i32.sub
      local.set 3
      local.get 3
      i32.const 5041
      local.get 3
      i32.const 5041
      i32.lt_u
      select
      local.set 3
      local.get 0
      i32.const 1
      i32.sub
      local.get 3
      i32.sub
      local.set 4
      local.get 2
      local.get 3
      i64.extend_i32_u
      i64.const 9
      i64.mul
      i64.const 9
      i64.add
      i64.sub
      local.set 2
      local.get 2
      i64.const 65600
      i64.lt_s
      if  ;; label = @2
        local.get 2
        i64.const 65600
        call 15
        local.set 2
      end
      loop  ;; label = @2
        local.get 0
        i32.const 1
        i32.and
        if  ;; label = @3
          local.get 2
          i64.const 4
          i64.sub
          local.set 2
          local.get 1
          i32.const 5
          i32.xor
          local.set 1
        end
        local.get 0
        i32.const 1
        i32.sub
        local.tee 0
        local.get 4
        i32.ne
        br_if 0 (;@2;)
      end
      local.get 0
      i32.const 0
      i32.ne
      br_if 0 (;@1;)
    end
    global.get 0
    local.get 2
    i64.add
    i64.const 1
    i64.sub
    global.set 0
    local.get 1)
  (func (;5;) (type 0) (param i32) (result i32)
    (local i64)
    global.get 0
    i64.const 4172
    i64.sub
    global.set 0
    i64.const 4172
    local.set 1
    loop  ;; label = @1
      local.get 1
      i64.const 76
      i64.lt_s
      if  ;; label = @2
        local.get 1
        i64.const 76
        call 15
        local.set 1
      end
      loop  ;; label = @2
        local.get 1
        i64.const 76
        i64.lt_s
        br_if 1 (;@1;)
        local.get 0
        i32.load8_u
        if  ;; label = @3
          local.get 1
          i64.const 8
          i64.sub
          local.set 1
          local.get 0
          i32.const 1
          i32.add
          local.set 0
          br 1 (;@2;)
        end
        local.get 1
        i64.const 4
        i64.sub
        local.set 1
      end
    end
    global.get 0
    local.get 1
    i64.add
    global.set 0
    local.get 0)
  (func (;6;) (type 0) (param i32) (result i32)
    i32.const 307200
    global.set 1
    local.get 0
    call 0)
  (func (;7;) (type 1) (param i32 i32) (result i64)
    i32.const 307200
    global.set 1
    local.get 0
    local.get 1
    call 1)
  (func (;8;) (type 2) (result i32)
    i32.const 307200
    global.set 1
    call 2)
  (func (;9;) (type 0) (param i32) (result i32)
    i32.const 307200
    global.set 1
    local.get 0
    call 3)
  (func (;10;) (type 0) (param i32) (result i32)
    i32.const 307200
    global.set 1
    local.get 0
    call 4)
  (func (;11;) (type 0) (param i32) (result i32)
    i32.const 307200
    global.set 1
    local.get 0
    call 5)
  (func (;12;) (type 3) (param i32) (result i32)
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
  (func (;13;) (type 3) (param i32) (result i32)
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
  (func (;14;) (type 3) (param i32) (result i32)
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
  (func (;15;) (type 4) (param i64 i64) (result i64)
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
  (export "alloc" (func 6))
  (export "run" (func 7))
  (export "whole" (func 8))
  (export "chunks" (func 9))
  (export "varied" (func 10))
  (export "purse" (func 11))
  (export "trine:fuel" (global 0))
  (export "trine:aborted" (global 2)))
