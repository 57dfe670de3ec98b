/** Two ends of a link in one process, with delays and cuts on request: for tests and the simulator. */
import type { LinkKind } from '@trine/protocol';
import { type Clock, systemClock } from './clock.ts';
import { type Link, type LinkCode, LinkInbox, type LinkListener } from './link.ts';

export interface MemoryImpairments {
  /** A number in [0, 1), seeded by the caller. */
  readonly random: () => number;
  /** Each frame arrives after a random part of this, still in order. Default 0. */
  readonly delayMs?: number;
  /** Chance that a frame cuts the link instead of arriving, with all that is in flight. Default 0. */
  readonly cutChance?: number;
}

export interface MemoryLinkOptions {
  readonly clock?: Clock;
  readonly impairments?: MemoryImpairments;
  /** What the ends say they are. Default `memory`. */
  readonly kind?: LinkKind;
}

export interface MemoryLinkPair {
  readonly left: Link;
  readonly right: Link;
  /** Breaks the link: both ends hear it, frames in flight are lost. */
  cut(reason: string): void;
}

/** A pair of connected links. Frames arrive in a later turn, never inside `send`. */
export function createMemoryLinkPair(options: MemoryLinkOptions = {}): MemoryLinkPair {
  const clock = options.clock ?? systemClock;
  const cut = (reason: string): void => {
    left.lose(reason);
    right.lose(reason);
  };
  const wire = new Wire(clock, options.impairments, cut);
  const left = new MemoryLink(options.kind ?? 'memory', wire, () => right);
  const right = new MemoryLink(options.kind ?? 'memory', wire, () => left);
  return { left, right, cut };
}

/** Decides when a frame arrives, or that the link is cut. */
class Wire {
  readonly #clock: Clock;
  readonly #impairments: MemoryImpairments | undefined;
  readonly #cut: (reason: string) => void;

  constructor(clock: Clock, impairments: MemoryImpairments | undefined, cut: (reason: string) => void) {
    this.#clock = clock;
    this.#impairments = impairments;
    this.#cut = cut;
  }

  carry(arrive: () => void): void {
    const impairments = this.#impairments;
    if (impairments === undefined) return this.#clock.defer(arrive);
    const lost = impairments.random() < (impairments.cutChance ?? 0);
    const delayMs = (impairments.delayMs ?? 0) * impairments.random();
    this.#clock.setTimer(delayMs, lost ? () => this.#cut('the link was cut') : arrive);
  }
}

class MemoryLink implements Link {
  readonly kind: LinkKind;
  readonly remote = 'this process';
  readonly #wire: Wire;
  readonly #other: () => MemoryLink;
  readonly #inbox: LinkInbox;
  /** Sent and not yet arrived, oldest first; delays may end in another order, arrivals may not. */
  #flying: (Uint8Array | { readonly code: LinkCode; readonly reason: string })[] = [];
  #flyingBytes = 0;
  #open = true;

  constructor(kind: LinkKind, wire: Wire, other: () => MemoryLink) {
    this.kind = kind;
    this.#wire = wire;
    this.#other = other;
    this.#inbox = new LinkInbox((code, reason) => this.#leave(code, reason));
  }

  send(frame: Uint8Array): void {
    if (this.#open) this.#post(frame);
  }

  bufferedBytes(): number {
    return this.#flyingBytes;
  }

  listen(listener: LinkListener): void {
    this.#inbox.listen(listener);
  }

  close(code: LinkCode, reason: string): void {
    this.#inbox.silence();
    this.#leave(code, reason);
  }

  lose(reason: string): void {
    this.#open = false;
    this.#flying = [];
    this.#flyingBytes = 0;
    this.#inbox.end('closed', reason);
  }

  #leave(code: LinkCode, reason: string): void {
    if (!this.#open) return;
    this.#post({ code, reason });
    this.#open = false;
  }

  #post(item: Uint8Array | { readonly code: LinkCode; readonly reason: string }): void {
    this.#flying.push(item);
    if (item instanceof Uint8Array) this.#flyingBytes += item.length;
    this.#wire.carry(() => this.#arrive());
  }

  #arrive(): void {
    const item = this.#flying.shift();
    if (item === undefined) return;
    if (item instanceof Uint8Array) {
      this.#flyingBytes -= item.length;
      return this.#other().#inbox.frame(item);
    }
    this.#other().#open = false;
    this.#other().#inbox.end(item.code, item.reason);
  }
}
