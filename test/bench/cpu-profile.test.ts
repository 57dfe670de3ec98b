import { expect, test } from 'vitest';
import { type CallFrame, type CpuProfile, locator, placeOf, summarise } from './cpu-profile.ts';

const frame = (functionName: string, url = ''): CallFrame => ({
  functionName,
  url,
  lineNumber: 0,
  columnNumber: 0,
});

/** root ─ ours ─ library ─ built-in; root ─ library alone; garbage collection; idle. */
const PROFILE: CpuProfile = {
  nodes: [
    { id: 1, callFrame: frame('(root)'), children: [2, 5, 6, 7] },
    { id: 2, callFrame: frame('send', 'file:///app/packages/mesh/src/session.ts'), children: [3] },
    { id: 3, callFrame: frame('encode', 'file:///app/node_modules/cborg/lib/encode.js'), children: [4] },
    { id: 4, callFrame: frame('set') },
    { id: 5, callFrame: frame('parse', 'file:///app/node_modules/pg/lib/client.js') },
    { id: 6, callFrame: frame('(garbage collector)') },
    { id: 7, callFrame: frame('(idle)') },
  ],
  startTime: 0,
  endTime: 21_000,
  samples: [2, 3, 4, 5, 6, 7],
  timeDeltas: [1_000, 2_000, 3_000, 4_000, 5_000, 6_000],
};

test('self time goes to what ran, charged time to the file of ours that asked for it', () => {
  const table = summarise(PROFILE, locator('/app'));
  expect([table.busyMs, table.idleMs]).toEqual([15, 6]);
  expect(table.selfByPlace).toEqual([
    { name: 'garbage collection', ms: 5 },
    { name: 'pg', ms: 4 },
    { name: 'built-in functions', ms: 3 },
    { name: 'cborg', ms: 2 },
    { name: 'packages/mesh', ms: 1 },
  ]);
  expect(table.chargedByFile).toEqual([
    { name: 'packages/mesh/src/session.ts', ms: 6 },
    { name: 'garbage collection', ms: 5 },
    { name: 'pg', ms: 4 },
  ]);
});

test('a built-in function is named with its caller', () => {
  const { selfByFunction } = summarise(PROFILE, locator('/app'));
  expect(selfByFunction).toContainEqual({ name: 'set  built-in functions ← encode', ms: 3 });
});

test.each([
  ['node_modules/@prisma/client/runtime/client.js', 'package', '@prisma/client'],
  ['node_modules/a/node_modules/b/index.js', 'package', 'b'],
  ['packages/control-plane/generated/prisma/client.ts', 'package', 'generated Prisma client'],
  ['packages/mesh/src/link.ts', 'own', 'packages/mesh/src/link.ts'],
])('%s', (path, kind, name) => {
  expect(placeOf(path)).toEqual({ kind, name });
});
