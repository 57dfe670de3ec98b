;; A step guest whose state is of every kind, and some that never changes.
(module
  (type $unary (func (param i32) (result i32)))
  (table $changed 2 8 funcref)
  (table $fixed 1 1 funcref)
  (table $host 1 4 externref)
  (global $constant (mut i32) (i32.const 5))
  (global $i32 (mut i32) (i32.const 1))
  (global $i64 (mut i64) (i64.const 2))
  (global $f32 (mut f32) (f32.const 3))
  (global $f64 (mut f64) (f64.const 4))
  (global $v128 (mut v128) (v128.const i64x2 5 6))
  (global $reference (mut funcref) (ref.null func))
  (elem (table $fixed) (i32.const 0) func $double)
  (elem $passive func $double $start)
  (data $text "three dots")
  (data $kept "are never dropped")
  (func $double (type $unary) local.get 0 i32.const 1 i32.shl)
  (func $start (export "start") (param i32 i32)
    i32.const 7 global.set $i32
    i64.const 8 global.set $i64
    f32.const 9 global.set $f32
    f64.const 10 global.set $f64
    local.get 0 i32x4.splat global.set $v128
    ref.func $start global.set $reference)
  (func (export "step") (result i32)
    i32.const 0 i32.const 0 i32.const 2 table.init $changed $passive
    elem.drop $passive
    ref.null extern i32.const 1 table.grow $host drop
    i32.const 16 i32.const 0 i32.const 10 memory.init $text
    data.drop $text
    i32.const 32 i32.const 0 i32.const 4 memory.init $kept
    global.get $constant i32.const 0 call_indirect $fixed (type $unary))
  (func (export "output") (result i64) i64.const 0)
  (memory (export "memory") 1)
  (func (export "alloc") (param i32) (result i32) i32.const 16))
