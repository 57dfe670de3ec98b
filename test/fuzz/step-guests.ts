// Random step guests: `stepGuestText(seed)` is a guest whose state is of every kind (memory that grows, globals of all
// types with payloads of NaNs, references, tables that grow, segments that are dropped) and whose steps change
// and observe some of it, as the seed has it. Some trap: what was dropped is gone after a resumption too.

import wabt from 'wabt';

import { createRandom } from './random-modules.ts';

type Draw = (below: number) => number;

/** Entries of the tables at the start; they grow. */
const ENTRIES = 4;
const PLACES = 12;

/** What one instruction sequence does; each leaves the operand stack as it was. */
const ACTIONS: readonly ((draw: Draw) => string)[] = [
  (draw) =>
    `(global.set $i32 (i32.add (i32.mul (global.get $i32) (i32.const 1664525)) (i32.const ${draw(1 << 30)})))`,
  (draw) =>
    `(global.set $i64 (i64.rotl (i64.xor (global.get $i64) (i64.const ${draw(1 << 30)})) (i64.const ${draw(64)})))`,
  () => '(global.set $f32 (f32.mul (global.get $f32) (f32.const 1.25)))',
  (draw) => `(global.set $f32 (f32.reinterpret_i32 (i32.const ${0x7f80_0001 + draw(0x7f_fffe)})))`,
  () => '(global.set $f64 (f64.div (global.get $f64) (f64.const -3)))',
  (draw) =>
    `(global.set $f64 (f64.reinterpret_i64 (i64.const 0x7ff0${draw(2 ** 32)
      .toString(16)
      .padStart(8, '0')}abcd)))`,
  () => '(global.set $v128 (i32x4.add (global.get $v128) (i32x4.splat (global.get $i32))))',
  (draw) => `(global.set $v128 (i64x2.replace_lane ${draw(2)} (global.get $v128) (global.get $i64)))`,
  (draw) => `(global.set $reference ${reference(draw)})`,
  (draw) => `(table.set $changed (i32.const ${draw(ENTRIES)}) ${reference(draw)})`,
  (draw) =>
    `(table.set $changed (i32.rem_u (global.get $i32) (table.size $changed)) (global.get $reference)) ${look(draw)}`,
  (draw) => `(drop (table.grow $changed ${reference(draw)} (i32.const ${draw(3)})))`,
  (draw) => `(table.fill $changed (i32.const ${draw(ENTRIES)}) ${reference(draw)} (i32.const 1))`,
  (draw) =>
    `(table.copy $changed $fixed (i32.const ${draw(ENTRIES - 1)}) (i32.const ${draw(2)}) (i32.const 2))`,
  (draw) =>
    `(table.init $changed $listed (i32.const ${draw(ENTRIES - 2)}) (i32.const ${draw(2)}) (i32.const 2))`,
  (draw) => (draw(3) === 0 ? '(elem.drop $listed)' : look(draw)),
  (draw) => `(drop (table.grow $host (ref.null extern) (i32.const ${draw(2)})))`,
  () => '(global.set $i32 (i32.add (global.get $i32) (i32.add (table.size $host) (table.size $changed))))',
  (draw) => `(drop (memory.grow (i32.const ${draw(2)})))`,
  () => '(global.set $i32 (i32.xor (global.get $i32) (i32.mul (memory.size) (i32.const 77))))',
  (draw) => `(memory.fill (i32.const ${draw(60_000)}) (i32.const ${draw(256)}) (i32.const ${draw(5_000)}))`,
  (draw) => `(memory.init $text (i32.const ${draw(60_000)}) (i32.const ${draw(8)}) (i32.const ${draw(8)}))`,
  (draw) =>
    draw(3) === 0 ? '(data.drop $text)' : '(memory.init $kept (i32.const 9) (i32.const 0) (i32.const 4))',
  (draw) =>
    `(i64.store (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const ${8 + draw(70_000)})) (global.get $i64))`,
  (draw) =>
    `(memory.copy (i32.const ${draw(60_000)}) (i32.const ${draw(60_000)}) (i32.const ${draw(5_000)}))`,
  () => '(memory.fill (i32.const 0) (i32.const 0) (i32.const 65536))',
  look,
  look,
];

/** Makes the module of a seed. */
export type Assemble = (seed: number) => Uint8Array;

/** The assembler of step guests. */
export async function stepAssembler(): Promise<Assemble> {
  const assembler = await wabt();
  return (seed) => {
    const parsed = assembler.parseWat('guest.wat', stepGuestText(seed), {
      simd: true,
      reference_types: true,
      bulk_memory: true,
    });
    try {
      return parsed.toBinary({}).buffer;
    } finally {
      parsed.destroy();
    }
  };
}

/** The guest of a seed, as WebAssembly text. */
function stepGuestText(seed: number): string {
  const draw = createRandom(seed);
  const kinds = 2 + draw(4);
  const actions = Array.from({ length: kinds }, () =>
    Array.from({ length: 1 + draw(6) }, () => (ACTIONS[draw(ACTIONS.length)] ?? look)(draw)).join('\n    '),
  );
  const steps = 3 + draw(8);
  return `(module
  (type $unary (func (param i32) (result i32)))
  (import "trine" "progress" (func $progress (param i32 i32)))
  (memory (export "memory") ${1 + draw(3)} 12)
  (table $changed (export "own") ${ENTRIES} 40 funcref)
  (table $fixed 4 funcref)
  (table $host 1 9 externref)
  (global $i32 (mut i32) (i32.const ${draw(1_000)}))
  (global $i64 (mut i64) (i64.const ${draw(1_000)}))
  (global $f32 (mut f32) (f32.const ${draw(1_000)}))
  (global $f64 (export "ownGlobal") (mut f64) (f64.const ${draw(1_000)}))
  (global $v128 (mut v128) (v128.const i32x4 ${draw(9)} 2 3 4))
  (global $reference (mut funcref) (ref.null func))
  (global $steps (mut i32) (i32.const 0))
  (global $unused (mut i32) (i32.const 5))
  (elem (table $fixed) (i32.const 0) func $double $next $half $progress)
  (elem $listed func $half $double $next)
  (data (i32.const 100) "begins here")
  (data $text "three dots")
  (data $kept "kept")
  (start $first)
  (func $first (global.set $i64 (i64.const 99)))
  (func $double (type $unary) (i32.shl (local.get 0) (i32.const 1)))
  (func $next (type $unary) (i32.add (local.get 0) (i32.const 1)))
  (func $half (type $unary) (i32.shr_u (local.get 0) (i32.const 1)))
  ${actions.map((body, index) => `(func $action${index} ${body})`).join('\n  ')}
  (func $act (param $kind i32)
    ${actions.map((_, index) => `(if (i32.eq (local.get $kind) (i32.const ${index})) (then (call $action${index})))`).join('\n    ')})
  (func (export "alloc") (param i32) (result i32) (i32.const 64))
  (func (export "start") (param i32 i32) (global.set $i32 (i32.add (global.get $i32) (i32.load (local.get 0)))))
  (func (export "step") (result i32)
    (global.set $steps (i32.add (global.get $steps) (i32.const 1)))
    (call $act (i32.rem_u (i32.add (global.get $steps) (global.get $i32)) (i32.const ${kinds})))
    (i32.lt_u (global.get $steps) (i32.const ${steps})))
  (func (export "output") (result i64)
    (v128.store (i32.const 0) (global.get $v128))
    (f32.store (i32.const 16) (global.get $f32))
    (f64.store (i32.const 24) (global.get $f64))
    (i64.store (i32.const 32) (global.get $i64))
    (i32.store (i32.const 40) (global.get $i32))
    (i32.store (i32.const 44) (memory.size))
    (i32.store (i32.const 48) (table.size $changed))
    (i32.store (i32.const 52) (ref.is_null (global.get $reference)))
    (i64.const 65536)))`;
}

function reference(draw: Draw): string {
  const names = ['$double', '$next', '$half', '$progress'];
  return draw(4) === 0 ? '(ref.null func)' : `(ref.func ${names[draw(names.length)] ?? '$double'})`;
}

// Calls whatever an entry refers to: nothing and the host's function, which has another type, trap.
function look(draw: Draw): string {
  const place = `(i32.rem_u (i32.const ${draw(PLACES)}) (table.size $changed))`;
  const call = `(global.set $i32 (call_indirect $changed (type $unary) (global.get $i32) ${place}))`;
  return draw(8) === 0 ? call : `(if (i32.eqz (ref.is_null (table.get $changed ${place}))) (then ${call}))`;
}
