// Entry of a guest thread in Node, for bundles that are nothing else.
import { serveNodeGuests } from './serve-node.ts';

serveNodeGuests();
