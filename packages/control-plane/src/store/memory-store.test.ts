/** The store in memory keeps the port's promises. */
import { storeConformance } from './conformance.ts';
import { createMemoryStore } from './memory-store.ts';

storeConformance('memory', () =>
  Promise.resolve({ store: createMemoryStore(), dispose: () => Promise.resolve() }),
);
