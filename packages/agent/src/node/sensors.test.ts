// This machine's own profile and figures, as far as any machine must have them.
import { profileSchema } from '@trine/protocol';
import { expect, test } from 'vitest';
import { createNodeSensors } from './sensors.ts';

test('the profile fits the wire', async () => {
  const profile = await createNodeSensors({ version: '0.1.0', name: 'shed', labels: ['attic'] }).profile();
  expect(profileSchema.safeParse({ ...profile, agent: 'runner', threads: 1 }).success).toBe(true);
  expect(profile).toMatchObject({ version: '0.1.0', name: 'shed', labels: ['attic'] });
  expect(profile.cores).toBeGreaterThan(0);
  expect(profile.memoryBytes).toBeGreaterThan(2 ** 20);
});

test('figures are plain numbers in their ranges', async () => {
  const figures = await createNodeSensors({ version: '0' }).figures();
  expect(figures.uptimeSeconds).toBeGreaterThan(0);
  expect(figures.cpuPercent ?? 0).toBeLessThanOrEqual(100);
});
