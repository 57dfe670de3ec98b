// Entry of a guest thread in the browser: prebuilt to one file, served with a CSP that leaves it nothing to call.
import type { Endpoint } from 'comlink';
import { serveGuests } from './thread.ts';

serveGuests(globalThis as unknown as Endpoint);
