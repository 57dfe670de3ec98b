// Each host call of WASI against a memory: what it writes, what it answers, what it costs.
import { describe, expect, test } from 'vitest';
import { ERRNO } from './errno.ts';
import {
  CALL_FUEL,
  DESCRIPTORS_MAX,
  EPOCH_NS,
  MONOTONIC_START_NS,
  RANDOM_BLOCK_FUEL,
  SUBSCRIPTION_FUEL,
  VECTORS_MAX,
} from './limits.ts';
import { WASI_CALLS } from './wasi-calls.ts';
import { createHost, FUEL, type Host, PAGE } from './wasi-host.testing.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const FILES = { 'b.txt': bytes('content'), 'a/x': bytes('X'), 'a/ü/deep': bytes('D'), B: bytes('') };
const OUT = PAGE - 4_096;
const CREATE = 1;
const FOLDER = 2;
const EXCLUSIVE = 4;
const TRUNCATE = 8;
const READ_RIGHTS = 2n;
const WRITE_RIGHT = 1n << 6n;

interface Opening {
  readonly how?: number;
  readonly rights?: bigint;
  readonly from?: number;
}

/** The new descriptor, or the error number below zero. */
function open(host: Host, path: string, { how = 0, rights = READ_RIGHTS, from = 3 }: Opening = {}): number {
  const size = host.put(OUT - 2_048, path);
  const errno = host.call('path_open', from, 0, OUT - 2_048, size, how, rights, 0n, 0, OUT);
  return errno === ERRNO.success ? host.view().getUint32(OUT, true) : -errno;
}

/** Reads through one vector of `size` bytes. */
function read(host: Host, fd: number, size: number): string {
  host.vectors(0, [1_024, size]);
  expect(host.call('fd_read', fd, 0, 1, OUT)).toBe(ERRNO.success);
  return host.text(1_024, host.view().getUint32(OUT, true));
}

describe('the process', () => {
  test('has its arguments and variables, each ended by a NUL', () => {
    const host = createHost({ args: ['prog', 'ü', ''], env: { B: '2', A: '' } });
    for (const [name, second, list] of [
      ['args', 5, 'prog\0ü\0\0'],
      ['environ', 3, 'A=\0B=2\0'],
    ] as const) {
      const texts = name === 'args' ? 3 : 2;
      expect(host.call(`${name}_sizes_get`, 0, 4)).toBe(ERRNO.success);
      const size = host.view().getUint32(4, true);
      expect([host.view().getUint32(0, true), size]).toEqual([texts, bytes(list).length]);
      expect(host.call(`${name}_get`, 16, 64)).toBe(ERRNO.success);
      expect(host.text(64, size)).toBe(list);
      expect(host.view().getUint32(20, true)).toBe(64 + second);
    }
  });

  test('ends with its exit code, which is no failure of the machine', () => {
    expect(() => createHost().call('proc_exit', -1)).toThrow('exit code 4294967295');
    expect(createHost().call('sched_yield')).toBe(ERRNO.success);
  });
});

/** A clock, how long or until when, and 1 for the latter. */
type Wait = readonly [clock: number, timeout: bigint, flags?: number];

describe('clocks', () => {
  const time = (host: Host, clock: number): bigint => {
    expect(host.call('clock_time_get', clock, 0n, 0)).toBe(ERRNO.success);
    return host.view().getBigUint64(0, true);
  };

  test('go on by a nanosecond a unit of fuel, from a fixed beginning', () => {
    const host = createHost();
    const call = BigInt(CALL_FUEL);
    expect(time(host, 0)).toBe(EPOCH_NS + call);
    expect(time(host, 1)).toBe(MONOTONIC_START_NS + 2n * call);
    expect(time(host, 2)).toBe(3n * call);
    host.fuel.value -= 1_000_000n;
    expect(time(host, 1)).toBe(MONOTONIC_START_NS + 4n * call + 1_000_000n);
    expect(host.call('clock_time_get', 4, 0n, 0)).toBe(ERRNO.inval);
    expect(host.call('clock_res_get', 1, 0)).toBe(ERRNO.success);
    expect(host.view().getBigUint64(0, true)).toBe(1n);
  });

  const subscribe = (host: Host, at: number, [clock, timeout, flags = 0]: Wait): void => {
    host.view().setBigUint64(at, BigInt(at) + 7n, true);
    host.view().setUint8(at + 8, 0);
    host.view().setUint32(at + 16, clock, true);
    host.view().setBigUint64(at + 24, timeout, true);
    host.view().setUint16(at + 40, flags, true);
  };

  test('jump when a guest sleeps, without fuel, and only to the earliest', () => {
    const host = createHost();
    subscribe(host, 0, [1, 5_000_000_000n]);
    subscribe(host, 48, [0, 2_000_000_000n]);
    const before = [host.fuel.value, host.run.monotonicNs(), host.run.computedNs()] as const;
    expect(host.call('poll_oneoff', 0, 1_024, 2, OUT)).toBe(ERRNO.success);
    expect([host.view().getUint32(OUT, true), host.view().getBigUint64(1_024, true)]).toEqual([1, 55n]);
    const spent = before[0] - host.fuel.value;
    expect(spent).toBe(BigInt(CALL_FUEL + 2 * SUBSCRIPTION_FUEL));
    expect(host.run.monotonicNs() - before[1]).toBe(2_000_000_000n + spent);
    expect(host.run.computedNs() - before[2]).toBe(spent);
  });

  test('are waited for until a point in time, too; one that is over is ready at once', () => {
    const host = createHost();
    subscribe(host, 0, [0, EPOCH_NS + 9_000_000_000n, 1]);
    expect(host.call('poll_oneoff', 0, 1_024, 1, OUT)).toBe(ERRNO.success);
    const now = time(host, 0);
    expect(now).toBeGreaterThan(EPOCH_NS + 9_000_000_000n);
    subscribe(host, 0, [0, EPOCH_NS, 1]);
    expect(host.call('poll_oneoff', 0, 1_024, 1, OUT)).toBe(ERRNO.success);
    expect(time(host, 0) - now).toBeLessThan(5_000n);
  });

  test('stop at their end instead of running over', () => {
    const host = createHost();
    for (let turn = 0; turn < 4; turn += 1) {
      subscribe(host, 0, [1, (1n << 64n) - 1n]);
      expect(host.call('poll_oneoff', 0, 1_024, 1, OUT)).toBe(ERRNO.success);
    }
    expect(time(host, 1)).toBeLessThan(1n << 63n);
    expect(time(host, 0)).toBeLessThan(1n << 63n);
  });

  test('files are ready at once, and what cannot be waited for is an event with an error', () => {
    const host = createHost({ stdin: bytes('abc') });
    subscribe(host, 0, [1, 1_000_000_000n]);
    for (const [at, kind, fd] of [
      [48, 1, 0],
      [96, 2, 1],
      [144, 1, 99],
    ] as const) {
      host.view().setBigUint64(at, BigInt(at), true);
      host.view().setUint8(at + 8, kind);
      host.view().setUint32(at + 16, fd, true);
    }
    const before = host.run.monotonicNs();
    expect(host.call('poll_oneoff', 0, 1_024, 4, OUT)).toBe(ERRNO.success);
    expect(host.run.monotonicNs() - before).toBeLessThan(5_000n);
    expect(host.view().getUint32(OUT, true)).toBe(3);
    const events = [0, 1, 2].map((index) => {
      const at = 1_024 + index * 32;
      return [
        host.view().getBigUint64(at, true),
        host.view().getUint16(at + 8, true),
        host.view().getBigUint64(at + 16, true),
      ];
    });
    expect(events).toEqual([
      [48n, ERRNO.success, 3n],
      [96n, ERRNO.success, 0n],
      [144n, ERRNO.badf, 0n],
    ]);
    expect(host.call('poll_oneoff', 0, 1_024, 0, OUT)).toBe(ERRNO.inval);
  });
});

describe('randomness', () => {
  const draw = (host: Host, size: number): string => {
    expect(host.call('random_get', 64, size)).toBe(ERRNO.success);
    return Buffer.from(new Uint8Array(host.memory.buffer, 64, size)).toString('hex');
  };

  test('follows from the input, and is not the same twice', () => {
    const one = createHost({ args: ['x'] });
    const same = createHost({ args: ['x'] });
    const drawn = [draw(one, 40), draw(one, 40)];
    expect([draw(same, 40), draw(same, 40)]).toEqual(drawn);
    expect(drawn[0]).not.toBe(drawn[1]);
    expect(draw(createHost({ args: ['y'] }), 40)).not.toBe(drawn[0]);
    // SHA-256 of the label, the input's digest and the count, as docs/GUESTS.md says.
    expect(draw(createHost(new Uint8Array(0)), 8)).toBe('f058c72475b45eac');
  });

  test('is charged by the block, and once for its seed', () => {
    const host = createHost(new Uint8Array(0));
    draw(host, 33);
    expect(FUEL - host.fuel.value).toBe(BigInt(CALL_FUEL + 2 * RANDOM_BLOCK_FUEL));
  });
});

describe('files', () => {
  test('are read in parts, and at an end there is nothing', () => {
    const host = createHost({ files: FILES });
    const fd = open(host, 'b.txt');
    expect(fd).toBe(4);
    host.vectors(0, [1_024, 2], [1_100, 0], [1_200, 100]);
    expect(host.call('fd_read', fd, 0, 3, OUT)).toBe(ERRNO.success);
    expect([host.view().getUint32(OUT, true), host.text(1_024, 2), host.text(1_200, 5)]).toEqual([
      7,
      'co',
      'ntent',
    ]);
    expect(read(host, fd, 10)).toBe('');
    expect(host.call('fd_pread', fd, 0, 1, 3n, OUT)).toBe(ERRNO.success);
    expect(host.text(1_024, host.view().getUint32(OUT, true))).toBe('tent');
    expect(host.call('fd_pread', fd, 0, 1, -1n, OUT)).toBe(ERRNO.success);
    expect(host.view().getUint32(OUT, true)).toBe(0);
  });

  test('are sought in', () => {
    const host = createHost({ files: FILES, stdin: bytes('standard') });
    const fd = open(host, 'b.txt');
    expect(host.call('fd_seek', fd, -3n, 2, OUT)).toBe(ERRNO.success);
    expect(read(host, fd, 10)).toBe('ent');
    expect(host.call('fd_seek', fd, -100n, 1, OUT)).toBe(ERRNO.inval);
    expect(host.call('fd_seek', fd, 0n, 3, OUT)).toBe(ERRNO.inval);
    expect(host.call('fd_seek', fd, 1n << 62n, 0, OUT)).toBe(ERRNO.inval);
    expect(host.call('fd_seek', fd, 1_000n, 0, OUT)).toBe(ERRNO.success);
    expect(read(host, fd, 10)).toBe('');
    expect(host.call('fd_tell', fd, OUT)).toBe(ERRNO.success);
    expect(host.view().getBigUint64(OUT, true)).toBe(1_000n);
    expect(read(host, 0, 3)).toBe('sta');
    expect(host.call('fd_seek', 0, 0n, 0, OUT)).toBe(ERRNO.success);
    expect(read(host, 0, 20)).toBe('standard');
    expect(host.call('fd_seek', 1, 0n, 0, OUT)).toBe(ERRNO.spipe);
  });

  test('are found by path, and never above the folder that a path starts from', () => {
    const host = createHost({ files: FILES });
    const cases: readonly (readonly [string, number])[] = [
      ['a/x', 4],
      ['./a//x', 5],
      ['a/../b.txt', 6],
      ['a/ü/deep', 7],
      ['a', 8],
      ['a/', 9],
      ['.', 10],
      ['', -ERRNO.noent],
      ['none', -ERRNO.noent],
      ['none/../a/x', -ERRNO.noent],
      ['..', -ERRNO.notcapable],
      ['a/../../b.txt', -ERRNO.notcapable],
      ['/b.txt', -ERRNO.notcapable],
      ['b.txt/', -ERRNO.notdir],
      ['b.txt/.', -ERRNO.notdir],
      ['b.txt/../a', -ERRNO.notdir],
      ['a\0b', -ERRNO.inval],
      ['x'.repeat(1_025), -ERRNO.nametoolong],
      ['x'.repeat(1_024), -ERRNO.noent],
    ];
    expect(cases.map(([path]) => [path, open(host, path)])).toEqual(cases);
    const inner = open(host, 'a/ü');
    expect(open(host, 'deep', { from: inner })).toBe(12);
    expect(open(host, '../x', { from: inner })).toBe(-ERRNO.notcapable);
    new Uint8Array(host.memory.buffer).set([0xff, 0xfe], 0);
    expect(host.call('path_open', 3, 0, 0, 2, 0, 0n, 0n, 0, OUT)).toBe(ERRNO.ilseq);
  });

  test('cannot be changed, and say so when they are opened', () => {
    const host = createHost({ files: FILES });
    expect(open(host, 'b.txt', { rights: WRITE_RIGHT })).toBe(-ERRNO.rofs);
    expect(open(host, 'b.txt', { how: TRUNCATE })).toBe(-ERRNO.rofs);
    expect(open(host, 'new', { how: CREATE })).toBe(-ERRNO.rofs);
    expect(open(host, 'b.txt', { how: CREATE })).toBe(4);
    expect(open(host, 'b.txt', { how: CREATE | EXCLUSIVE })).toBe(-ERRNO.exist);
    expect(open(host, 'b.txt', { how: FOLDER })).toBe(-ERRNO.notdir);
    expect(open(host, 'a', { rights: WRITE_RIGHT })).toBe(-ERRNO.isdir);
    expect(open(host, 'a', { how: FOLDER })).toBe(5);
    host.vectors(0, [0, 1]);
    expect(host.call('fd_write', 4, 0, 1, OUT)).toBe(ERRNO.badf);
    expect(host.call('fd_read', 5, 0, 1, OUT)).toBe(ERRNO.isdir);
    expect(host.call('path_readlink', 3, 0, 0, 0, 0, OUT)).toBe(ERRNO.noent);
    const size = host.put(0, 'b.txt');
    expect(host.call('path_readlink', 3, 0, size, 64, 8, OUT)).toBe(ERRNO.inval);
  });

  test('have sizes, kinds, inodes in the order of a walk, and the task’s beginning as their time', () => {
    const host = createHost({ files: FILES });
    const stat = (path: string): readonly bigint[] => {
      const size = host.put(0, path);
      expect(host.call('path_filestat_get', 3, 1, 0, size, 1_024)).toBe(ERRNO.success);
      const at = (offset: number): bigint => host.view().getBigUint64(1_024 + offset, true);
      return [at(8), BigInt(host.view().getUint8(1_024 + 16)), at(32), at(40)];
    };
    expect([
      stat('.'),
      stat('B'),
      stat('a'),
      stat('a/x'),
      stat('a/ü'),
      stat('a/ü/deep'),
      stat('b.txt'),
    ]).toEqual([
      [1n, 3n, 0n, EPOCH_NS],
      [2n, 4n, 0n, EPOCH_NS],
      [3n, 3n, 0n, EPOCH_NS],
      [4n, 4n, 1n, EPOCH_NS],
      [5n, 3n, 0n, EPOCH_NS],
      [6n, 4n, 1n, EPOCH_NS],
      [7n, 4n, 7n, EPOCH_NS],
    ]);
    expect(host.call('fd_filestat_get', 1, 1_024)).toBe(ERRNO.success);
    expect(host.view().getUint8(1_024 + 16)).toBe(0);
  });
});

describe('folders', () => {
  /** All entries, read through a buffer of `size` bytes as the C library does it. */
  function list(host: Host, fd: number, size: number): readonly (readonly [string, bigint, number])[] {
    const found: (readonly [string, bigint, number])[] = [];
    let cookie = 0n;
    for (;;) {
      expect(host.call('fd_readdir', fd, 1_024, size, cookie, OUT)).toBe(ERRNO.success);
      const used = host.view().getUint32(OUT, true);
      let at = 1_024;
      while (at + 24 <= 1_024 + used) {
        const length = host.view().getUint32(at + 16, true);
        if (at + 24 + length > 1_024 + used) break;
        cookie = host.view().getBigUint64(at, true);
        found.push([
          host.text(at + 24, length),
          host.view().getBigUint64(at + 8, true),
          host.view().getUint8(at + 20),
        ]);
        at += 24 + length;
      }
      if (used < size) return found;
    }
  }

  test('are listed in the order of their names’ bytes, whatever the buffer', () => {
    const host = createHost({ files: FILES });
    const expected = [
      ['.', 1n, 3],
      ['..', 1n, 3],
      ['B', 2n, 4],
      ['a', 3n, 3],
      ['b.txt', 7n, 4],
    ];
    for (const size of [31, 60, 77, 4_096]) expect([size, list(host, 3, size)]).toEqual([size, expected]);
    const inner = open(host, 'a', { how: FOLDER });
    expect(list(host, inner, 512)).toEqual([
      ['.', 3n, 3],
      ['..', 1n, 3],
      ['x', 4n, 4],
      ['ü', 5n, 3],
    ]);
    expect(host.call('fd_readdir', 3, 1_024, 512, -1n, OUT)).toBe(ERRNO.success);
    expect(host.view().getUint32(OUT, true)).toBe(0);
    expect(host.call('fd_readdir', 0, 1_024, 512, 0n, OUT)).toBe(ERRNO.notdir);
  });

  test('the root is found as what it is', () => {
    const host = createHost();
    expect(host.call('fd_prestat_get', 3, 0)).toBe(ERRNO.success);
    expect([host.view().getUint32(0, true), host.view().getUint32(4, true)]).toEqual([0, 1]);
    expect(host.call('fd_prestat_dir_name', 3, 64, 1)).toBe(ERRNO.success);
    expect(host.text(64, 1)).toBe('/');
    expect(host.call('fd_prestat_dir_name', 3, 64, 0)).toBe(ERRNO.nametoolong);
    for (const fd of [0, 4, -1]) expect(host.call('fd_prestat_get', fd, 0)).toBe(ERRNO.badf);
  });
});

describe('descriptors', () => {
  test('take the lowest free number, up to their limit', () => {
    const host = createHost({ files: FILES });
    const fds = Array.from({ length: DESCRIPTORS_MAX - 4 }, () => open(host, 'B'));
    expect([fds[0], fds.at(-1)]).toEqual([4, DESCRIPTORS_MAX - 1]);
    expect(open(host, 'B')).toBe(-ERRNO.mfile);
    expect(host.call('fd_close', 77)).toBe(ERRNO.success);
    expect(host.call('fd_close', 77)).toBe(ERRNO.badf);
    expect(open(host, 'B')).toBe(77);
  });

  test('are moved, described, and keep their flags', () => {
    const host = createHost({ files: FILES });
    const fd = open(host, 'b.txt');
    expect(host.call('fd_renumber', fd, 0)).toBe(ERRNO.success);
    expect(read(host, 0, 10)).toBe('content');
    expect(host.call('fd_renumber', fd, 0)).toBe(ERRNO.badf);
    expect(host.call('fd_fdstat_set_flags', 1, 4)).toBe(ERRNO.success);
    expect(host.call('fd_fdstat_set_flags', 1, 32)).toBe(ERRNO.inval);
    const stat = (of: number): readonly number[] => {
      expect(host.call('fd_fdstat_get', of, 1_024)).toBe(ERRNO.success);
      return [host.view().getUint8(1_024), host.view().getUint16(1_026, true)];
    };
    expect([stat(0), stat(1), stat(2), stat(3)]).toEqual([
      [4, 0],
      [0, 4],
      [0, 0],
      [3, 0],
    ]);
    for (const call of ['fd_sync', 'fd_datasync']) expect(host.call(call, 0)).toBe(ERRNO.success);
    expect(host.call('fd_advise', 99, 0n, 0n, 0)).toBe(ERRNO.badf);
  });
});

describe('output', () => {
  test('is gathered part by part', () => {
    const host = createHost();
    host.vectors(0, [1_024, host.put(1_024, 'hello ')], [1_100, host.put(1_100, 'world')]);
    expect(host.call('fd_write', 1, 0, 2, OUT)).toBe(ERRNO.success);
    expect([host.view().getUint32(OUT, true), host.stdout()]).toEqual([11, 'hello world']);
    expect(FUEL - host.fuel.value).toBe(BigInt(CALL_FUEL + 2 * 8 + 1));
    expect(host.call('fd_pwrite', 1, 0, 2, 0n, OUT)).toBe(ERRNO.spipe);
  });

  test('over its limit ends the run before it is copied', () => {
    const host = createHost({}, 10);
    host.vectors(0, [1_024, 6]);
    expect(host.call('fd_write', 1, 0, 1, OUT)).toBe(ERRNO.success);
    expect(() => host.call('fd_write', 2, 0, 1, OUT)).toThrow('over the limit of 10 bytes');
    expect(host.stdout()).toHaveLength(6);
  });

  test('from many overlapping parts is charged as a whole', () => {
    const host = createHost({}, 1 << 24);
    const parts = Array.from({ length: VECTORS_MAX }, () => [0, PAGE] as const);
    host.vectors(0, ...parts);
    expect(() => host.call('fd_write', 1, 0, VECTORS_MAX, OUT)).toThrow('over the limit');
    expect(FUEL - host.fuel.value).toBe(BigInt(CALL_FUEL + VECTORS_MAX * 8 + (VECTORS_MAX * PAGE) / 8));
    expect(host.call('fd_write', 1, 0, VECTORS_MAX + 1, OUT)).toBe(ERRNO.inval);
  });
});

test('fuel that is gone ends the run before the work', () => {
  const host = createHost();
  host.fuel.value = BigInt(CALL_FUEL - 1);
  expect(() => host.call('sched_yield')).toThrow('out of fuel');
  expect(host.fuel.value).toBe(-1n);
});

test('memory that has grown is seen', () => {
  const host = createHost();
  expect(host.call('random_get', PAGE, 8)).toBe(ERRNO.fault);
  host.memory.grow(1);
  expect(host.call('random_get', PAGE, 8)).toBe(ERRNO.success);
});

test('what would change files, and what no task can have, is refused by its number', () => {
  const host = createHost({ files: FILES });
  const answers = Object.entries(WASI_CALLS)
    .filter(([, support]) => support !== 'works')
    .map(([name, support]) => [name, host.call(name, 3, 0, 0, 0, 0, 0, 0), support]);
  expect(answers).toHaveLength(16);
  for (const [name, errno, support] of answers) {
    expect([name, errno]).toEqual([name, support === 'read-only' ? ERRNO.rofs : ERRNO.nosys]);
  }
});
