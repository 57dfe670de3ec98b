// Small guests that show the NaN of one computation in one way each, and guests that carry a NaN with a payload of its
// own along one way each. In text, so that they can be read.

/** A NaN that arithmetic makes from the input, so that no engine computes it beforehand. */
const MADE_F64 = '(f64.div (f64.convert_i32_u (local.get $zero)) (f64.convert_i32_u (local.get $zero)))';
const MADE_F32 = '(f32.sqrt (f32.sub (f32.convert_i32_u (local.get $zero)) (f32.const 1)))';
const MADE_F32X4 = '(f32x4.sqrt (f32x4.splat (f32.sub (f32.convert_i32_u (local.get $zero)) (f32.const 1))))';
const MADE_F64X2 =
  '(f64x2.div (f64x2.splat (f64.const 0)) (f64x2.splat (f64.convert_i32_u (local.get $zero))))';

/** One guest: the body of `run` with the locals $zero (0 at run time), $x $y (f64), $s (f32), $v $w (v128), $l (i64). */
interface NanCase {
  readonly name: string;
  readonly body: string;
  /** Further fields of the module. */
  readonly fields?: string;
}

/** Every way in which a NaN that arithmetic made can be seen. */
export const SINKS: readonly NanCase[] = [
  { name: 'f64.store', body: `(f64.store (i32.const 0) ${MADE_F64})` },
  { name: 'f32.store', body: `(f32.store (i32.const 0) ${MADE_F32})` },
  { name: 'i64.reinterpret_f64', body: `(i64.store (i32.const 0) (i64.reinterpret_f64 ${MADE_F64}))` },
  { name: 'i32.reinterpret_f32', body: `(i32.store (i32.const 0) (i32.reinterpret_f32 ${MADE_F32}))` },
  {
    name: 'global.set',
    fields: '(global $g (mut f64) (f64.const 0))',
    body: `(global.set $g ${MADE_F64}) (f64.store (i32.const 0) (global.get $g))`,
  },
  {
    name: 'the sign operand of copysign',
    body: `(f64.store (i32.const 0) (f64.copysign (f64.const 1) ${MADE_F64}))`,
  },
  {
    name: 'the first operand of copysign',
    body: `(f64.store (i32.const 0) (f64.copysign ${MADE_F64} (f64.const -1)))`,
  },
  { name: 'f64.neg', body: `(f64.store (i32.const 0) (f64.neg ${MADE_F64}))` },
  { name: 'f32.abs of f32.neg', body: `(f32.store (i32.const 0) (f32.abs (f32.neg ${MADE_F32})))` },
  {
    name: 'f32.demote',
    body: `(f32.store (i32.const 0) (f32.demote_f64 (f64.reinterpret_i64 (i64.const 0x7ff8000000000001))))`,
  },
  {
    name: 'f64.promote',
    body: `(f64.store (i32.const 0) (f64.promote_f32 (f32.reinterpret_i32 (i32.const 0x7fc00001))))`,
  },
  {
    name: 'f64.min',
    body: `(f64.store (i32.const 0) (f64.min (f64.const 1) (f64.reinterpret_i64 (i64.const 0x7ff8000000000001))))`,
  },
  {
    name: 'f32.nearest',
    body: `(f32.store (i32.const 0) (f32.nearest (f32.reinterpret_i32 (i32.const 0xffc00001))))`,
  },
  {
    name: 'an argument',
    fields: '(func $f (param f64) (f64.store (i32.const 0) (local.get 0)))',
    body: `(call $f ${MADE_F64})`,
  },
  {
    name: 'an argument below another',
    fields: '(func $f (param f64 f64) (f64.store (i32.const 0) (local.get 0)))',
    body: `(call $f ${MADE_F64} (f64.const 2))`,
  },
  {
    name: 'an argument of an indirect call',
    fields:
      '(type $t (func (param f32))) (table 1 funcref) (elem (i32.const 0) $f) (func $f (param f32) (f32.store (i32.const 0) (local.get 0)))',
    body: `(call_indirect (type $t) ${MADE_F32} (i32.const 0))`,
  },
  {
    name: 'an argument of a tail call',
    fields: `(func $f (param f64) (result f64) (local.get 0))
      (func $g (param $zero i32) (result f64) (return_call $f ${MADE_F64}))`,
    body: '(f64.store (i32.const 0) (call $g (local.get $zero)))',
  },
  {
    name: 'a result',
    fields: `(func $f (param $zero i32) (result f64) ${MADE_F64})`,
    body: '(f64.store (i32.const 0) (call $f (local.get $zero)))',
  },
  {
    name: 'a returned result below another',
    fields: `(func $f (param $zero i32) (result f64 i32) ${MADE_F64} (i32.const 7) return)`,
    body: '(call $f (local.get $zero)) (local.set $zero) (local.set $x) (f64.store (i32.const 0) (local.get $x))',
  },
  {
    name: 'a result of a branch to the function',
    fields: `(func $f (param $zero i32) (result f64) ${MADE_F64} (i32.eqz (local.get $zero)) br_if 0 drop (f64.const 1))`,
    body: '(f64.store (i32.const 0) (call $f (local.get $zero)))',
  },
  {
    name: 'a result of an exported function',
    fields: `(func $f (export "f") (param $zero i32) (result f64) ${MADE_F64})`,
    body: '(f64.store (i32.const 0) (call $f (local.get $zero)))',
  },
  { name: 'a local', body: `(local.set $x ${MADE_F64}) (f64.store (i32.const 0) (local.get $x))` },
  {
    name: 'a tee',
    body: `(f64.store (i32.const 0) (local.tee $x ${MADE_F64})) (f64.store (i32.const 8) (local.get $x))`,
  },
  {
    name: 'a local that goes round a loop',
    body: `(loop $again
        (f64.store (i32.const 0) (local.get $y))
        (local.set $y (local.get $x))
        (local.set $x ${MADE_F64})
        (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 3))))`,
  },
  { name: 'a block', body: `(f64.store (i32.const 0) (block (result f64) ${MADE_F64}))` },
  {
    name: 'a branch with a value',
    body: `(f64.store (i32.const 0) (block $b (result f64) (br_if $b ${MADE_F64} (i32.eqz (local.get $zero)))))`,
  },
  {
    name: 'a branch table with a value',
    body: `(f64.store (i32.const 0) (block $a (result f64) (block $b (result f64) (br_table $a $b ${MADE_F64} (local.get $zero))) (f64.neg)))`,
  },
  {
    name: 'a block of two results',
    fields: '(type $two (func (result f64 f32)))',
    body: `(block (type $two) ${MADE_F64} ${MADE_F32}) (local.set $s) (local.set $x)
      (f32.store (i32.const 8) (local.get $s)) (f64.store (i32.const 0) (local.get $x))`,
  },
  {
    name: 'what a loop takes',
    fields: '(type $take (func (param f64)))',
    body: `${MADE_F64} (loop (type $take) (local.set $x)) (f64.store (i32.const 0) (local.get $x))`,
  },
  {
    name: 'select',
    body: `(f64.store (i32.const 0) (select ${MADE_F64} (f64.const 1) (i32.eqz (local.get $zero))))`,
  },
  {
    name: 'an arm of an if that joins a copy',
    body: `(if (i32.eqz (local.get $zero)) (then (local.set $x ${MADE_F64})) (else (local.set $x (f64.load (i32.const 64)))))
      (f64.store (i32.const 0) (local.get $x))`,
  },
  { name: 'v128.store of f32x4', body: `(v128.store (i32.const 0) ${MADE_F32X4})` },
  { name: 'v128.store of f64x2', body: `(v128.store (i32.const 0) ${MADE_F64X2})` },
  { name: 'v128.store32_lane', body: `(v128.store32_lane 2 (i32.const 0) ${MADE_F32X4})` },
  { name: 'v128.store8_lane', body: `(v128.store8_lane 3 (i32.const 0) ${MADE_F32X4})` },
  {
    name: 'i8x16 arithmetic on f32 lanes',
    body: `(v128.store (i32.const 0) (i8x16.add ${MADE_F32X4} ${MADE_F32X4}))`,
  },
  { name: 'i8x16.bitmask', body: `(i32.store (i32.const 0) (i8x16.bitmask ${MADE_F32X4}))` },
  { name: 'i64x2.bitmask', body: `(i32.store (i32.const 0) (i64x2.bitmask ${MADE_F64X2}))` },
  {
    name: 'v128.any_true',
    body: `(i32.store (i32.const 0) (v128.any_true (v128.and ${MADE_F64X2} (i64x2.splat (i64.const 0x7ffff)))))`,
  },
  { name: 'i8x16.all_true', body: `(i32.store (i32.const 0) (i8x16.all_true ${MADE_F32X4}))` },
  {
    name: 'v128.xor',
    body: `(v128.store (i32.const 0) (v128.xor ${MADE_F32X4} (v128.const i32x4 1 2 3 4)))`,
  },
  {
    name: 'i32x4.eq',
    body: `(v128.store (i32.const 0) (i32x4.eq ${MADE_F32X4} (v128.const i32x4 0x7fc00000 0x7fc00000 0x7fc00000 0x7fc00000)))`,
  },
  { name: 'i32x4.extract_lane', body: `(i32.store (i32.const 0) (i32x4.extract_lane 1 ${MADE_F32X4}))` },
  { name: 'f32x4.extract_lane', body: `(f32.store (i32.const 0) (f32x4.extract_lane 1 ${MADE_F32X4}))` },
  { name: 'f64x2.extract_lane', body: `(f64.store (i32.const 0) (f64x2.extract_lane 1 ${MADE_F64X2}))` },
  {
    name: 'f32x4.replace_lane',
    body: `(v128.store (i32.const 0) (f32x4.replace_lane 1 (v128.load (i32.const 64)) ${MADE_F32}))`,
  },
  { name: 'f64x2.splat', body: `(v128.store (i32.const 0) (f64x2.splat ${MADE_F64}))` },
  {
    name: 'f32x4.splat of a sign',
    body: `(v128.store (i32.const 0) (f32x4.splat (f32.copysign ${MADE_F32} (f32.const -1))))`,
  },
  {
    name: 'i32x4.replace_lane',
    body: `(v128.store (i32.const 0) (i32x4.replace_lane 1 ${MADE_F32X4} (i32.const 5)))`,
  },
  {
    name: 'a shuffle of bytes',
    body: `(v128.store (i32.const 0) (i8x16.shuffle 15 14 13 12 11 10 9 8 7 6 5 4 3 2 1 0 ${MADE_F32X4} ${MADE_F32X4}))`,
  },
  {
    name: 'a shuffle of lanes',
    body: `(v128.store (i32.const 0) (i8x16.shuffle 4 5 6 7 0 1 2 3 20 21 22 23 16 17 18 19 ${MADE_F32X4} ${MADE_F32X4}))`,
  },
  {
    name: 'a shuffle of halves of f64 lanes',
    body: `(v128.store (i32.const 0) (i8x16.shuffle 4 5 6 7 0 1 2 3 20 21 22 23 16 17 18 19 ${MADE_F64X2} ${MADE_F64X2}))`,
  },
  {
    name: 'i8x16.swizzle',
    body: `(v128.store (i32.const 0) (i8x16.swizzle ${MADE_F32X4} (v128.const i8x16 3 2 1 0 7 6 5 4 0 0 0 0 0 0 0 0)))`,
  },
  { name: 'f32x4.neg', body: `(v128.store (i32.const 0) (f32x4.neg ${MADE_F32X4}))` },
  {
    name: 'f64x2.abs of f64x2.neg',
    body: `(v128.store (i32.const 0) (f64x2.abs (f64x2.neg ${MADE_F64X2})))`,
  },
  {
    name: 'f32x4.pmin',
    body: `(v128.store (i32.const 0) (f32x4.pmin ${MADE_F32X4} (f32x4.neg ${MADE_F32X4})))`,
  },
  {
    name: 'f64 lanes read as f32 lanes',
    body: `(v128.store (i32.const 0) (f32x4.lt ${MADE_F64X2} (f32x4.splat (f32.const 0))))`,
  },
  {
    name: 'f32 lanes read as f64 lanes',
    body: `(v128.store (i32.const 0) (f64x2.lt ${MADE_F32X4} (f64x2.splat (f64.const 0))))`,
  },
  {
    name: 'f64 lanes in f32x4.pmax',
    body: `(v128.store (i32.const 0) (f32x4.pmax ${MADE_F64X2} (f32x4.splat (f32.const 0))))`,
  },
  { name: 'f64 lanes in f32x4.neg', body: `(v128.store (i32.const 0) (f32x4.neg ${MADE_F64X2}))` },
  { name: 'demoted lanes', body: `(v128.store (i32.const 0) (f32x4.demote_f64x2_zero ${MADE_F64X2}))` },
  {
    name: 'a local of both kinds of lanes',
    body: `(if (i32.eqz (local.get $zero)) (then (local.set $v ${MADE_F32X4})) (else (local.set $v ${MADE_F64X2})))
      (v128.store (i32.const 0) (local.get $v))`,
  },
  {
    name: 'a selection by a comparison',
    body: `(v128.store (i32.const 0) (v128.bitselect ${MADE_F32X4} (v128.load (i32.const 64)) (f32x4.gt (v128.load (i32.const 64)) (f32x4.splat (f32.const 1)))))`,
  },
  {
    name: 'a selection by any mask',
    body: `(v128.store (i32.const 0) (v128.bitselect ${MADE_F32X4} (v128.load (i32.const 80)) (v128.load (i32.const 64))))`,
  },
];

const PAYLOAD_F64 = '0x7ff4123456789abc';
const COPIED_F64 = `(f64.reinterpret_i64 (i64.or (i64.const ${PAYLOAD_F64}) (i64.extend_i32_u (local.get $zero))))`;
const COPIED_F32 = '(f32.reinterpret_i32 (i32.or (i32.const 0xffa12345) (local.get $zero)))';
const COPIED_V128 =
  '(v128.or (v128.const i32x4 0x7fa12345 0xff800001 0x89abcdef 0xfff40000) (i32x4.splat (local.get $zero)))';

/** Every way along which a NaN with a payload of its own is copied to address 0, past arithmetic that also is there. */
export const COPIES: readonly NanCase[] = [
  {
    name: 'a local',
    body: `(local.set $x ${COPIED_F64}) (local.set $y (local.get $x)) (f64.store (i32.const 0) (local.get $y))`,
  },
  {
    name: 'a parameter',
    fields:
      '(func $f (param f64) (f64.store (i32.const 0) (local.get 0)) (drop (f64.add (local.get 0) (local.get 0))))',
    body: `(call $f ${COPIED_F64})`,
  },
  {
    name: 'a parameter that also gets sums',
    fields: '(func $f (param f64) (f64.store (i32.const 0) (local.get 0)))',
    body: `(call $f (f64.add ${COPIED_F64} (f64.const 1))) (call $f ${COPIED_F64})`,
  },
  {
    name: 'a result',
    fields: `(func $f (param f64 i32) (result f64)
      (if (result f64) (local.get 1) (then (f64.add (local.get 0) (local.get 0))) (else (local.get 0))))`,
    body: `(f64.store (i32.const 0) (call $f ${COPIED_F64} (local.get $zero)))`,
  },
  {
    name: 'an indirect call',
    fields:
      '(type $t (func (param f32) (result f32))) (table 1 funcref) (elem (i32.const 0) $f) (func $f (param f32) (result f32) (local.get 0))',
    body: `(f32.store (i32.const 0) (call_indirect (type $t) ${COPIED_F32} (i32.const 0)))`,
  },
  {
    name: 'a global',
    fields: '(global $g (mut f64) (f64.const 0))',
    body: `(global.set $g ${COPIED_F64}) (f64.store (i32.const 0) (global.get $g)) (global.set $g (f64.sqrt (global.get $g)))`,
  },
  {
    name: 'memory',
    body: `(f64.store (i32.const 16) ${COPIED_F64}) (f64.store (i32.const 0) (f64.load (i32.const 16)))`,
  },
  {
    name: 'a local that also gets sums',
    body: `(local.set $x (f64.add ${COPIED_F64} (f64.const 1))) (f64.store (i32.const 16) (local.get $x))
      (local.set $x ${COPIED_F64}) (f64.store (i32.const 0) (local.get $x))`,
  },
  {
    name: 'a local that gets a sum or a copy',
    body: `(if (local.get $zero) (then (local.set $x ${MADE_F64})) (else (local.set $x ${COPIED_F64})))
      (f64.store (i32.const 0) (local.get $x))`,
  },
  {
    name: 'a local that goes round a loop with sums',
    body: `(local.set $x ${COPIED_F64})
      (loop $again
        (f64.store (i32.const 0) (local.get $x))
        (br_if $again (i32.eqz (local.tee $i (i32.add (local.get $i) (i32.const 1)))))
        (if (local.get $zero) (then (local.set $x (f64.add (local.get $x) (f64.const 1))) (br $again))))`,
  },
  { name: 'select', body: `(f64.store (i32.const 0) (select ${MADE_F64} ${COPIED_F64} (local.get $zero)))` },
  {
    name: 'a branch with a value',
    body: `(f64.store (i32.const 0) (block $b (result f64) (drop (br_if $b ${COPIED_F64} (i32.eqz (local.get $zero)))) ${MADE_F64}))`,
  },
  { name: 'f64.neg and f64.abs', body: `(f64.store (i32.const 0) (f64.neg (f64.abs ${COPIED_F64})))` },
  { name: 'copysign', body: `(f32.store (i32.const 0) (f32.copysign ${COPIED_F32} (f32.const 1)))` },
  { name: 'a vector', body: `(local.set $v ${COPIED_V128}) (v128.store (i32.const 0) (local.get $v))` },
  {
    name: 'a vector that is a result',
    fields:
      '(func $f (param v128) (result v128) (drop (f32x4.add (local.get 0) (local.get 0))) (local.get 0))',
    body: `(v128.store (i32.const 0) (call $f ${COPIED_V128}))`,
  },
  {
    name: 'lanes',
    body: `(v128.store (i32.const 0) (f32x4.replace_lane 2 ${COPIED_V128} (f32x4.extract_lane 0 ${COPIED_V128})))`,
  },
  {
    name: 'lanes beside sums',
    body: `(v128.store (i32.const 0) (f32x4.replace_lane 2 ${COPIED_V128} ${MADE_F32}))`,
  },
  {
    name: 'f32x4.pmax with sums',
    body: `(v128.store (i32.const 0) (f32x4.pmax ${COPIED_V128} (f32x4.add ${COPIED_V128} ${COPIED_V128})))`,
  },
  {
    name: 'a shuffle with sums',
    body: `(v128.store (i32.const 0) (i8x16.shuffle 4 5 6 7 0 1 2 3 20 21 22 23 16 17 18 19 ${COPIED_V128} ${MADE_F32X4}))`,
  },
  {
    name: 'a vector local of either kind',
    body: `(if (local.get $zero) (then (local.set $v ${MADE_F64X2})) (else (local.set $v ${COPIED_V128})))
      (v128.store (i32.const 0) (local.get $v))`,
  },
];

/** The guest of a case, as text. */
export function guestOf({ body, fields = '' }: NanCase): string {
  return `(module
    ${fields}
    (memory (export "memory") 1)
    (data (i32.const 64) "\\01\\02\\a3\\7f\\00\\00\\80\\3f\\01\\00\\a0\\ff\\00\\00\\00\\40")
    (func (export "alloc") (param i32) (result i32) (i32.const 1024))
    (func (export "run") (param i32 i32) (result i64)
      (local $zero i32) (local $i i32) (local $x f64) (local $y f64) (local $s f32) (local $v v128) (local $w v128)
      (local.set $zero (i32.load (i32.const 4096)))
      ${body}
      (i64.const 0)))`;
}
