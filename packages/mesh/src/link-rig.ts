/** How a test connects two ends over one transport. */
import type { Link } from './link.ts';

/** Two connected ends. `cut` breaks what is between them, so that neither says goodbye. */
export interface ConnectedEnds {
  readonly near: Link;
  readonly far: Link;
  cut(): void;
}

/** A way to connect ends over one transport, for as long as a test lasts. */
export interface LinkRig {
  connect(): Promise<ConnectedEnds>;
  close(): Promise<void>;
}
