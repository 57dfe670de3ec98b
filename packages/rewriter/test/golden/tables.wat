;; Tables grow through an appended function and never past their share.
(module
  (table $f 4 funcref)
  (table $e 1 20 externref)
  (elem (table $f) (i32.const 3) func $first)
  (elem $declared declare func $second)
  (elem $nulls funcref (ref.null func) (ref.func $first))
  (func $first
    ref.null extern i32.const 5 table.grow $e drop
    i32.const 0 ref.null extern i32.const 2 table.fill $e
    i32.const 0 i32.const 0 i32.const 2 table.init $f $nulls)
  (func $second (result i32)
    (local funcref)
    ref.func $second local.tee 0 i32.const 2 table.grow $f
    i32.const 0 local.get 0 table.set $f
    i32.const 0 table.get $f local.get 0 i32.const 1 select (result funcref) ref.is_null i32.add
    table.size $f i32.add)
  (memory (export "memory") 1)
  (func (export "alloc") (param i32) (result i32) i32.const 16)
  (func (export "run") (param i32 i32) (result i64) i64.const 0))
