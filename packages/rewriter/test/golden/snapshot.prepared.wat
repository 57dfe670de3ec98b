(module
  (type (;0;) (func (param i32) (result i32)))
  (type (;1;) (func (param i32 i32)))
  (type (;2;) (func (result i32)))
  (type (;3;) (func (result i64)))
  (type (;4;) (func (param i32) (result i32)))
  (type (;5;) (func (param i64 i64) (result i64)))
  (type (;6;) (func (param funcref i32) (result i32)))
  (type (;7;) (func (param externref i32) (result i32)))
  (type (;8;) (func (param i32) (result i64)))
  (type (;9;) (func (param i32 i64)))
  (func (;0;) (type 0) (param i32) (result i32)
    global.get 7
    i64.const 3
    i64.sub
    global.set 7
    local.get 0
    i32.const 1
    i32.shl)
  (func (;1;) (type 1) (param i32 i32)
    global.get 7
    i64.const 13
    i64.sub
    global.set 7
    i32.const 7
    global.set 1
    i64.const 8
    global.set 2
    f32.const 0x1.2p+3 (;=9;)
    global.set 3
    f64.const 0x1.4p+3 (;=10;)
    global.set 4
    local.get 0
    i32x4.splat
    global.set 5
    ref.func 1
    global.set 6)
  (func (;2;) (type 2) (result i32)
    (local i64 i32)
    global.get 7
    i64.const 21
    i64.sub
    local.tee 0
    global.set 7
    local.get 0
    i64.const -21
    i64.lt_s
    if  ;; label = @1
      unreachable
    end
    i32.const 0
    i32.const 0
    i32.const 2
    call 11
    i32.const 0
    call 9
    drop
    table.init 1
    i32.const 1
    global.set 10
    elem.drop 1
    ref.null extern
    i32.const 1
    call 13
    drop
    i32.const 16
    i32.const 0
    i32.const 10
    call 10
    memory.init 0
    i32.const 1
    global.set 11
    data.drop 0
    i32.const 32
    i32.const 0
    i32.const 4
    call 10
    memory.init 1
    global.get 0
    i32.const 0
    global.get 8
    i32.const 96
    i32.sub
    local.tee 1
    i32.const 0
    i32.lt_s
    if  ;; label = @1
      unreachable
    end
    local.get 1
    global.set 8
    call_indirect 1 (type 0))
  (func (;3;) (type 3) (result i64)
    global.get 7
    i64.const 1
    i64.sub
    global.set 7
    i64.const 0)
  (func (;4;) (type 0) (param i32) (result i32)
    global.get 7
    i64.const 1
    i64.sub
    global.set 7
    i32.const 16)
  (func (;5;) (type 1) (param i32 i32)
    i32.const 307200
    global.set 8
    local.get 0
    local.get 1
    call 1)
  (func (;6;) (type 2) (result i32)
    i32.const 307200
    global.set 8
    call 2)
  (func (;7;) (type 3) (result i64)
    i32.const 307200
    global.set 8
    call 3)
  (func (;8;) (type 0) (param i32) (result i32)
    i32.const 307200
    global.set 8
    local.get 0
    call 4)
  (func (;9;) (type 4) (param i32) (result i32)
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
        global.set 9
        unreachable
      end
    else
      global.get 7
      local.get 0
      i64.extend_i32_u
      i64.const 8192
      i64.mul
      i64.sub
      global.set 7
      global.get 7
      i64.const 0
      i64.lt_s
      if  ;; label = @2
        unreachable
      end
    end
    local.get 1)
  (func (;10;) (type 4) (param i32) (result i32)
    global.get 7
    local.get 0
    i64.extend_i32_u
    i64.const 3
    i64.shr_u
    i64.sub
    global.set 7
    global.get 7
    i64.const 0
    i64.lt_s
    if  ;; label = @1
      unreachable
    end
    local.get 0)
  (func (;11;) (type 4) (param i32) (result i32)
    global.get 7
    local.get 0
    i64.extend_i32_u
    i64.const 0
    i64.shr_u
    i64.sub
    global.set 7
    global.get 7
    i64.const 0
    i64.lt_s
    if  ;; label = @1
      unreachable
    end
    local.get 0)
  (func (;12;) (type 5) (param i64 i64) (result i64)
    global.get 7
    local.get 0
    i64.add
    local.tee 0
    global.set 7
    local.get 0
    i64.const 0
    i64.lt_s
    if  ;; label = @1
      unreachable
    end
    global.get 7
    local.get 0
    local.get 1
    i64.sub
    i64.const 262143
    i64.and
    local.get 1
    i64.add
    local.tee 0
    i64.sub
    global.set 7
    local.get 0)
  (func (;13;) (type 7) (param externref i32) (result i32)
    (local i32)
    local.get 0
    local.get 1
    table.grow 2
    local.tee 2
    i32.const -1
    i32.eq
    if  ;; label = @1
      table.size 2
      i64.extend_i32_u
      local.get 1
      i64.extend_i32_u
      i64.add
      i64.const 4
      i64.le_u
      if  ;; label = @2
        i32.const 1
        global.set 9
        unreachable
      end
    else
      global.get 7
      local.get 1
      i64.extend_i32_u
      i64.sub
      global.set 7
      global.get 7
      i64.const 0
      i64.lt_s
      if  ;; label = @2
        unreachable
      end
    end
    local.get 2)
  (func (;14;) (type 8) (param i32) (result i64)
    local.get 0
    i32.const 4
    i32.lt_s
    if (result i64)  ;; label = @1
      local.get 0
      i32.const 2
      i32.lt_s
      if (result i64)  ;; label = @2
        local.get 0
        i32.const 1
        i32.lt_s
        if (result i64)  ;; label = @3
          local.get 0
          i32.const 0
          i32.eq
          if (result i64)  ;; label = @4
            global.get 1
            i64.extend_i32_u
          else
            i64.const 0
          end
        else
          local.get 0
          i32.const 1
          i32.eq
          if (result i64)  ;; label = @4
            global.get 2
          else
            i64.const 0
          end
        end
      else
        local.get 0
        i32.const 3
        i32.lt_s
        if (result i64)  ;; label = @3
          local.get 0
          i32.const 2
          i32.eq
          if (result i64)  ;; label = @4
            global.get 3
            i32.reinterpret_f32
            i64.extend_i32_u
          else
            i64.const 0
          end
        else
          local.get 0
          i32.const 3
          i32.eq
          if (result i64)  ;; label = @4
            global.get 4
            i64.reinterpret_f64
          else
            i64.const 0
          end
        end
      end
    else
      local.get 0
      i32.const 6
      i32.lt_s
      if (result i64)  ;; label = @2
        local.get 0
        i32.const 5
        i32.lt_s
        if (result i64)  ;; label = @3
          local.get 0
          i32.const 4
          i32.eq
          if (result i64)  ;; label = @4
            global.get 5
            i64x2.extract_lane 0
          else
            i64.const 0
          end
        else
          local.get 0
          i32.const 5
          i32.eq
          if (result i64)  ;; label = @4
            global.get 5
            i64x2.extract_lane 1
          else
            i64.const 0
          end
        end
      else
        local.get 0
        i32.const 7
        i32.lt_s
        if (result i64)  ;; label = @3
          local.get 0
          i32.const 6
          i32.eq
          if (result i64)  ;; label = @4
            global.get 10
            i64.extend_i32_u
          else
            i64.const 0
          end
        else
          local.get 0
          i32.const 7
          i32.eq
          if (result i64)  ;; label = @4
            global.get 11
            i64.extend_i32_u
          else
            i64.const 0
          end
        end
      end
    end)
  (func (;15;) (type 9) (param i32 i64)
    local.get 0
    i32.const 4
    i32.lt_s
    if  ;; label = @1
      local.get 0
      i32.const 2
      i32.lt_s
      if  ;; label = @2
        local.get 0
        i32.const 1
        i32.lt_s
        if  ;; label = @3
          local.get 0
          i32.const 0
          i32.eq
          if  ;; label = @4
            local.get 1
            i32.wrap_i64
            global.set 1
          end
        else
          local.get 0
          i32.const 1
          i32.eq
          if  ;; label = @4
            local.get 1
            global.set 2
          end
        end
      else
        local.get 0
        i32.const 3
        i32.lt_s
        if  ;; label = @3
          local.get 0
          i32.const 2
          i32.eq
          if  ;; label = @4
            local.get 1
            i32.wrap_i64
            f32.reinterpret_i32
            global.set 3
          end
        else
          local.get 0
          i32.const 3
          i32.eq
          if  ;; label = @4
            local.get 1
            f64.reinterpret_i64
            global.set 4
          end
        end
      end
    else
      local.get 0
      i32.const 6
      i32.lt_s
      if  ;; label = @2
        local.get 0
        i32.const 5
        i32.lt_s
        if  ;; label = @3
          local.get 0
          i32.const 4
          i32.eq
          if  ;; label = @4
            global.get 5
            local.get 1
            i64x2.replace_lane 0
            global.set 5
          end
        else
          local.get 0
          i32.const 5
          i32.eq
          if  ;; label = @4
            global.get 5
            local.get 1
            i64x2.replace_lane 1
            global.set 5
          end
        end
      else
        local.get 0
        i32.const 7
        i32.lt_s
        if  ;; label = @3
          local.get 0
          i32.const 6
          i32.eq
          if  ;; label = @4
            local.get 1
            i64.eqz
            if  ;; label = @5
            else
              elem.drop 1
              i32.const 1
              global.set 10
            end
          end
        else
          local.get 0
          i32.const 7
          i32.eq
          if  ;; label = @4
            local.get 1
            i64.eqz
            if  ;; label = @5
            else
              data.drop 0
              i32.const 1
              global.set 11
            end
          end
        end
      end
    end)
  (table (;0;) 2 8 funcref)
  (table (;1;) 1 1 funcref)
  (table (;2;) 1 4 externref)
  (table (;3;) 5 5 funcref)
  (memory (;0;) 1 16)
  (global (;0;) (mut i32) (i32.const 5))
  (global (;1;) (mut i32) (i32.const 1))
  (global (;2;) (mut i64) (i64.const 2))
  (global (;3;) (mut f32) (f32.const 0x1.8p+1 (;=3;)))
  (global (;4;) (mut f64) (f64.const 0x1p+2 (;=4;)))
  (global (;5;) (mut v128) (v128.const i32x4 0x00000005 0x00000000 0x00000006 0x00000000))
  (global (;6;) (mut funcref) (ref.null func))
  (global (;7;) (mut i64) (i64.const 0))
  (global (;8;) (mut i32) (i32.const 307200))
  (global (;9;) (mut i32) (i32.const 0))
  (global (;10;) (mut i32) (i32.const 0))
  (global (;11;) (mut i32) (i32.const 0))
  (global (;12;) i32 (i32.const 8))
  (export "start" (func 5))
  (export "step" (func 6))
  (export "output" (func 7))
  (export "memory" (memory 0))
  (export "alloc" (func 8))
  (export "trine:fuel" (global 7))
  (export "trine:aborted" (global 9))
  (export "trine:words" (global 12))
  (export "trine:read" (func 14))
  (export "trine:write" (func 15))
  (export "trine:table:0" (table 0))
  (export "trine:table:2" (table 2))
  (export "trine:global:6" (global 6))
  (export "trine:functions" (table 3))
  (elem (;0;) (table 1) (i32.const 0) func 0)
  (elem (;1;) func 0 1)
  (elem (;2;) (table 3) (i32.const 0) func 0 1 2 3 4)
  (data (;0;) "three dots")
  (data (;1;) "are never dropped"))
