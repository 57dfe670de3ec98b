;; A tail call ends its function: fuel is written back, and the callee gets the call budget that the caller had.
(module
  (type $t (func (param i32) (result i32)))
  (table 2 funcref)
  (elem (i32.const 0) $even $odd)
  (func $even (param i32) (result i32)
    local.get 0 i32.eqz if i32.const 1 return end
    local.get 0 i32.const 1 i32.sub return_call $odd)
  (func $odd (param i32) (result i32)
    (local i32)
    local.get 0 i32.eqz if i32.const 0 return end
    loop local.get 1 i32.const 1 i32.add local.tee 1 i32.const 3 i32.lt_u br_if 0 end
    i32.const 0 call $even drop
    local.get 0 i32.const 1 i32.sub i32.const 0 return_call_indirect (type $t))
  (memory (export "memory") 1)
  (func (export "alloc") (param i32) (result i32) i32.const 16)
  (func (export "run") (param i32 i32) (result i64) i64.const 0))
