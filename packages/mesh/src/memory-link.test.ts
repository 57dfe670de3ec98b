import { linkConformance, sessionConformance } from './conformance.ts';
import { createMemoryLinkPair } from './memory-link.ts';

const options = {
  makeRig: async () => ({
    connect: async () => {
      const { left, right, cut } = createMemoryLinkPair();
      return { near: left, far: right, cut: () => cut('the test cut the link') };
    },
    close: async () => undefined,
  }),
  carriesCodes: true,
};

linkConformance('memory', options);
sessionConformance('memory', options);
