import { exported, guestModule, type HostileModule } from './module-bytes.ts';

export const names8m: HostileModule = {
  about: 'Two thousand exports with names of four kilobytes each.',
  expect: 'completed',
  size: 2_000,
  scaleFrom: 200,
  build: (size) =>
    guestModule({
      exports: Array.from({ length: size }, (_, index) => exported(String(index).padEnd(4_096, 'x'), 0, 0)),
    }),
};
