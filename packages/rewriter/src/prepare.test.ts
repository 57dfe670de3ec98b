import { describe, expect, it } from 'vitest';

import { assembleWat, guestWat } from '../test/wat.ts';
import { ABORT_GLOBAL, FUEL_GLOBAL, prepare, START_EXPORT } from './index.ts';

function prepareBytes(wat: string, maxMemoryPages = 16): Uint8Array {
  const prepared = prepare(assembleWat(wat), { maxMemoryPages });
  if (prepared.type === 'refused') {
    throw new Error(`${prepared.code} at ${prepared.offset}: ${prepared.message}`);
  }
  return prepared.bytes;
}

interface Running {
  readonly call: (name: string, ...args: readonly unknown[]) => unknown;
  readonly fuelUsed: () => bigint;
  readonly exports: WebAssembly.Exports;
}

function start(wat: string, fuel = 1_000_000n, maxMemoryPages = 16): Running {
  const module = new WebAssembly.Module(Uint8Array.from(prepareBytes(wat, maxMemoryPages)));
  const nothing = () => undefined;
  const { exports } = new WebAssembly.Instance(module, { trine: { progress: nothing, log: nothing } });
  const global = exports[FUEL_GLOBAL] as WebAssembly.Global;
  global.value = fuel;
  return {
    call: (name, ...args) => (exports[name] as (...values: readonly unknown[]) => unknown)(...args),
    fuelUsed: () => fuel - (global.value as bigint),
    exports,
  };
}

describe('fuel', () => {
  it('charges what a completed run executes, and nothing for structure', () => {
    const guest = start(
      guestWat(`(func (export "f") (param i32) (result i32) (local i32)
        block loop
          local.get 0 i32.eqz br_if 1
          local.get 0 i32.const 1 i32.sub local.set 0
          local.get 1 i32.const 3 i32.add local.set 1
          nop br 0
        end end
        local.get 1)`),
    );
    expect(guest.call('f', 10)).toBe(30);
    expect(guest.fuelUsed()).toBe(10n * 12n + 3n + 1n);
  });

  it('stops an endless loop with the global below zero', () => {
    const guest = start(guestWat('(func (export "f") loop br 0 end)'), 1000n);
    expect(() => guest.call('f')).toThrow(WebAssembly.RuntimeError);
    expect(guest.fuelUsed()).toBeGreaterThan(1000n);
  });

  it('stops endless recursion through calls that cost one each', () => {
    const guest = start(guestWat('(func $f (export "f") call $f)'), 50n);
    expect(() => guest.call('f')).toThrow(WebAssembly.RuntimeError);
    expect(guest.fuelUsed()).toBeGreaterThan(50n);
  });

  it('charges bulk memory by size, and growth by pages', () => {
    const guest = start(
      guestWat(`(func (export "fill") (param i32) i32.const 0 i32.const 1 local.get 0 memory.fill)
        (func (export "grow") (param i32) (result i32) local.get 0 memory.grow)`),
    );
    guest.call('fill', 800);
    expect(guest.fuelUsed()).toBe(4n + 100n);
    expect(guest.call('grow', 2)).toBe(1);
    expect(guest.fuelUsed()).toBe(104n + 2n + 2n * 8192n);
    expect(guest.call('grow', 14)).toBe(-1);
    expect(guest.fuelUsed()).toBe(104n + 4n + 2n * 8192n);
  });

  it('stops a fill that is larger than the fuel before it runs', () => {
    const guest = start(
      guestWat('(func (export "f") loop i32.const 0 i32.const 1 i32.const 65536 memory.fill br 0 end)'),
      20_000n,
    );
    expect(() => guest.call('f')).toThrow(/unreachable/);
    expect(guest.fuelUsed()).toBeGreaterThan(20_000n);
  });

  it('meters the start function, which no longer runs by itself', () => {
    const guest = start(
      guestWat(
        '(global $g (mut i32) (i32.const 0)) (export "g" (global $g)) (start $s) (func $s i32.const 7 global.set $g)',
      ),
    );
    const global = guest.exports['g'] as WebAssembly.Global;
    expect(global.value).toBe(0);
    guest.call(START_EXPORT);
    expect(global.value).toBe(7);
    expect(guest.fuelUsed()).toBe(2n);
  });
});

describe('vectors', () => {
  it('cost one an instruction', () => {
    const guest = start(
      guestWat(`(func (export "f") (result i32) v128.const f32x4 1 2 3 4 v128.const f32x4 1 1 1 1 f32x4.add
        i32.const 0 v128.load i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 i32x4.extract_lane 1)`),
    );
    expect(guest.call('f')).toBe(0x40400000);
    expect(guest.fuelUsed()).toBe(7n);
  });

  it('keep integers that look like NaNs, beside floats in the same local and in lanes that are only copied', () => {
    const guest = start(
      guestWat(`(func (export "f") (param i32) (result i32) (local v128 v128)
        i32.const 0x7f812345 i32x4.splat local.set 1
        local.get 1 f32x4.neg local.get 1 f32x4.pmax local.get 1 f32x4.pmin local.tee 2
        i32.const 0 local.get 2 v128.store
        local.get 0 if f32.const 0 f32.const 0 f32.div f32x4.splat f32x4.sqrt local.set 2 end
        i32x4.extract_lane 3 drop
        i32.const 0 i32.load
        local.get 2 i32x4.extract_lane 0 i32.xor)`),
    );
    expect(guest.call('f', 0)).toBe(0);
    expect(guest.call('f', 1)).toBe((0x7fc00000 ^ -0x007edcbb) | 0);
  });
});

describe('tables', () => {
  const TABLES = `(table $t 2 funcref) (table $e 1 8 externref)
    (func (export "grow") (param i32) (result i32) ref.null func local.get 0 table.grow $t)
    (func (export "growHost") (param i32) (result i32) ref.null extern local.get 0 table.grow $e)
    (func (export "fill") (param i32) i32.const 0 ref.null extern local.get 0 table.fill $e)
    (func (export "size") (result i32) table.size $t)`;

  it('charge what is added and what is filled', () => {
    const guest = start(guestWat(TABLES));
    expect(guest.call('grow', 100)).toBe(2);
    expect(guest.fuelUsed()).toBe(3n + 100n);
    expect(guest.call('size')).toBe(102);
    guest.call('fill', 1);
    expect(guest.fuelUsed()).toBe(103n + 1n + 4n + 1n);
  });

  it('grow to their own maximum, or to a share of what all tables may have', () => {
    const guest = start(guestWat(TABLES), 10_000_000n);
    expect(guest.call('growHost', 8)).toBe(-1);
    expect(guest.call('growHost', 7)).toBe(1);
    expect(guest.fuelUsed()).toBe(6n + 7n);
    expect(guest.call('grow', -1)).toBe(-1);
    expect(guest.call('grow', 500_000)).toBe(-1);
    expect(guest.call('grow', 499_998)).toBe(2);
    expect((guest.exports[ABORT_GLOBAL] as WebAssembly.Global).value).toBe(0);
  });
});

describe('tail calls', () => {
  const COUNTDOWN =
    guestWat(`(type $t (func (param i32) (result i32))) (table 1 funcref) (elem (i32.const 0) $b)
    (func $a (export "f") (param i32) (result i32)
      local.get 0 i32.eqz if i32.const 7 return end
      local.get 0 i32.const 1 i32.sub i32.const 0 return_call_indirect (type $t))
    (func $b (param i32) (result i32) (local i64)
      i32.const 0 call $leaf drop local.get 0 return_call $a)
    (func $leaf (param i32) (result i32) local.get 0)`);

  it('need no call depth however many there are', () => {
    const guest = start(COUNTDOWN, 1_000_000_000n);
    expect(guest.call('f', 1_000_000)).toBe(7);
    const [inA, inB, inLeaf, atTheEnd] = [8n, 5n, 1n, 5n];
    expect(guest.fuelUsed()).toBe(1_000_000n * (inA + inB + inLeaf) + atTheEnd);
  });

  it('are stopped by fuel', () => {
    const guest = start(guestWat('(func $f (export "f") return_call $f)'), 1000n);
    expect(() => guest.call('f')).toThrow(/unreachable/);
    expect(guest.fuelUsed()).toBeGreaterThan(1000n);
  });
});

describe('constant expressions', () => {
  it('are computed where engines may not be able to', () => {
    const guest = start(
      guestWat(`(global $a i32 (i32.const 2147483647)) (global $b i32 (i32.add (global.get $a) (i32.const 2)))
        (global $c i64 (i64.mul (i64.const 4294967296) (i64.const 2147483648)))
        (global $d f64 (f64.const 2.5)) (global $e f64 (global.get $d))
        (global $f (mut funcref) (ref.func $g)) (func $g)
        (export "b" (global $b)) (export "c" (global $c)) (export "e" (global $e)) (export "f" (global $f))`),
    );
    const valueOf = (name: string): unknown => (guest.exports[name] as WebAssembly.Global).value;
    expect([valueOf('b'), valueOf('c'), valueOf('e'), typeof valueOf('f')]).toEqual([
      -2147483647,
      -(2n ** 63n),
      2.5,
      'function',
    ]);
  });

  it('name only globals before them that never change', () => {
    for (const globals of [
      '(global i32 (global.get 0))',
      '(global i32 (global.get 1)) (global i32 (i32.const 1))',
      '(global (mut i32) (i32.const 1)) (global i32 (global.get 0))',
      '(global i32 (i32.add (i32.const 1) (i64.const 2)))',
      '(global i64 (i32.const 1))',
    ]) {
      expect(prepare(assembleWat(guestWat(globals)))).toMatchObject({ type: 'refused', code: 'invalid' });
    }
  });
});

describe('memory', () => {
  it('never has more pages than the job allows or the module asks for', () => {
    const grow = '(func (export "grow") (param i32) (result i32) local.get 0 memory.grow)';
    const own = start(guestWat(`(memory (export "memory") 1 3) ${grow}`));
    expect(own.call('grow', 3)).toBe(-1);
    expect(own.call('grow', 2)).toBe(1);
    const job = start(guestWat(`(memory (export "memory") 1 60000) ${grow}`), 1_000_000n, 4);
    expect(job.call('grow', 4)).toBe(-1);
    expect(job.call('grow', -1)).toBe(-1);
    expect(job.call('grow', 3)).toBe(1);
    expect((job.exports[ABORT_GLOBAL] as WebAssembly.Global).value).toBe(0);
  });
});

describe('call depth', () => {
  const RECURSION = guestWat(`(func $f (export "f") (param i32) (result i32)
    local.get 0 i32.eqz if (result i32) i32.const 0 else
      local.get 0 i32.const 1 i32.sub call $f i32.const 1 i32.add end)`);

  it('traps at the same depth every time, and is whole again for the next call', () => {
    const guest = start(RECURSION, 1_000_000_000n);
    const deepest = deepestCall(guest);
    expect(deepest).toBeGreaterThan(1000);
    expect(() => guest.call('f', deepest + 1)).toThrow(WebAssembly.RuntimeError);
    expect(guest.call('f', deepest)).toBe(deepest);
    expect(deepestCall(start(RECURSION, 1_000_000_000n))).toBe(deepest);
  });
});

function deepestCall(guest: Running): number {
  let [low, high] = [0, 1_000_000];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    try {
      guest.call('f', middle);
      low = middle;
    } catch {
      high = middle - 1;
    }
  }
  return low;
}

describe('NaN', () => {
  it('stores what arithmetic made in canonical form', () => {
    const guest = start(
      guestWat(`(func (export "f") (param i64) (result i64)
        i32.const 0 local.get 0 f64.reinterpret_i64 f64.const 1 f64.add f64.store
        i32.const 0 i64.load)`),
    );
    expect(guest.call('f', -0x000f_0000_0000_0001n)).toBe(0x7ff8_0000_0000_0000n);
  });

  it('lets copies keep their payload', () => {
    const guest = start(
      guestWat(`(func (export "f") (param i64) (result i64) (local f64 f64)
        local.get 0 f64.reinterpret_i64 local.set 1
        local.get 1 local.set 2
        i32.const 0 local.get 2 f64.store
        i32.const 0 f64.load f64.neg i64.reinterpret_f64)`),
    );
    expect(guest.call('f', 0x7ff4_0000_0000_0123n)).toBe(-0x000b_ffff_ffff_feddn);
  });

  it('follows taint through copies of locals, in any order', () => {
    const guest = start(
      guestWat(`(func (export "f") (param i64) (result i64) (local f64 f64 i32)
        loop
          i32.const 0 local.get 2 f64.store
          local.get 1 local.set 2
          local.get 0 f64.reinterpret_i64 f64.sqrt local.set 1
          local.get 3 i32.const 1 i32.add local.tee 3 i32.const 3 i32.lt_u br_if 0
        end
        i32.const 0 i64.load)`),
    );
    expect(guest.call('f', -0x0007_0000_0000_0000n)).toBe(0x7ff8_0000_0000_0000n);
  });
});
