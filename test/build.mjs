/** Builds the test programs that run as processes of their own. */
import { rmSync } from 'node:fs';
import { bundlePrograms } from './bundle.mjs';

rmSync(new URL('./dist', import.meta.url), { recursive: true, force: true });
await bundlePrograms({ liar: 'liar/liar.ts', swarm: 'bench/swarm.ts' });
