;; Kernels of the metering bench that AssemblyScript cannot express.
(module
  (memory (export "memory") 1)
  (type $state (func (param i32 i32) (result f64)))
  (table funcref (elem $a $b $c))
  ;; A state machine whose states tail-call one another.
  (func (export "tailCalls") (param i32) (result f64)
    local.get 0 i32.const 1 return_call $a)
  (func $a (type $state)
    local.get 0 i32.eqz if local.get 1 f64.convert_i32_s return end
    local.get 0 i32.const 1 i32.sub local.get 1 i32.const 3 i32.mul return_call $b)
  (func $b (type $state)
    local.get 0 i32.eqz if local.get 1 f64.convert_i32_s return end
    local.get 0 i32.const 1 i32.sub local.get 1 i32.const 7 i32.add return_call $c)
  (func $c (type $state)
    local.get 0 i32.eqz if local.get 1 f64.convert_i32_s return end
    local.get 0 i32.const 1 i32.sub local.get 1 i32.const 5 i32.xor return_call $a)
  ;; The same through a table.
  (func (export "threadedCode") (param i32) (result f64)
    local.get 0 i32.const 1 return_call $d)
  (func $d (type $state)
    local.get 0 i32.eqz if local.get 1 f64.convert_i32_s return end
    local.get 0 i32.const 1 i32.sub local.get 1 i32.const 3 i32.mul
    local.get 0 i32.const 3 i32.rem_u return_call_indirect (type $state))
  ;; A loop as short as can be.
  (func (export "countdown") (param i32) (result f64) (local i32)
    loop
      local.get 1 local.get 0 i32.add local.set 1
      local.get 0 i32.const 1 i32.sub local.tee 0 br_if 0
    end
    local.get 1 f64.convert_i32_s)
  ;; Blocks that are left early, in a loop.
  (func (export "earlyExits") (param i32) (result f64) (local i32)
    loop $next
      block $done
        block $odd
          local.get 0 i32.const 1 i32.and br_if $odd
          local.get 0 i32.const 2 i32.and br_if $done
          local.get 1 i32.const 3 i32.add local.set 1
          br $done
        end
        local.get 1 i32.const 5 i32.xor local.set 1
      end
      local.get 0 i32.const 1 i32.sub local.tee 0 br_if $next
    end
    local.get 1 f64.convert_i32_s)
  (func (export "alloc") (param i32) (result i32) i32.const 16)
  (func (export "run") (param i32 i32) (result i64) i64.const 0))
