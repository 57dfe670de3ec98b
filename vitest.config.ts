import { defineConfig } from 'vitest/config';

// One project a kind of test, so that `npx vitest run --project unit` is the fast loop
// and the slow ones (real Postgres, real processes, real Chromium) are asked for by name.
const node = { environment: 'node' as const, pool: 'forks' as const };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...node,
          name: 'unit',
          include: [
            'packages/*/src/**/*.test.ts',
            'packages/*/test/**/*.test.ts',
            'apps/*/src/**/*.test.ts',
            'apps/coordinator/lib/**/*.test.ts',
            'wasm/**/*.test.ts',
            'test/tidy/**/*.test.ts',
            'test/bench/**/*.test.ts',
            'test/liar/**/*.test.ts',
            'test/sim/**/*.test.ts',
          ],
          exclude: ['**/node_modules/**', '**/*.integration.test.ts'],
          testTimeout: 60_000,
        },
      },
      { test: { ...node, name: 'fuzz', include: ['test/fuzz/**/*.test.ts'], testTimeout: 600_000 } },
      {
        test: {
          ...node,
          name: 'integration',
          include: [
            'packages/**/*.integration.test.ts',
            'test/integration/**/*.test.ts',
            'test/regression/**/*.test.ts',
          ],
          testTimeout: 600_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          ...node,
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          exclude: ['test/e2e/hidden-tab.test.ts'],
          testTimeout: 900_000,
          hookTimeout: 240_000,
        },
      },
      // Over six minutes by the clock, hardly any CPU: runs beside the others.
      {
        test: {
          ...node,
          name: 'hidden-tab',
          include: ['test/e2e/hidden-tab.test.ts'],
          testTimeout: 1_200_000,
          hookTimeout: 240_000,
        },
      },
    ],
  },
});
