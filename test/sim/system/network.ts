/**
 * The network between agents and coordinators: links whose frames take time, get lost, arrive twice or in another
 * order, and that are cut; and partitions, in which a node's words vanish without a sign.
 *
 * A real link is reliable while it lives, so a loss, a repeat or a swap inside one is more than a transport may do:
 * the session must mend it all the same. Handshakes are only delayed, lost and cut.
 */
import { type Link, type LinkCode, LinkInbox, type LinkListener } from '@trine/mesh';
import type { Chance } from '../chance.ts';
import type { Timeline } from '../timeline.ts';
import type { SimProcess } from './process.ts';

/** Chances are per frame. */
export interface NetworkFaults {
  readonly lost: number;
  readonly doubled: number;
  readonly swapped: number;
  readonly cut: number;
  readonly delayMs: number;
}

export interface NetworkOptions {
  readonly timeline: Timeline;
  readonly chance: Chance;
  readonly faults: () => NetworkFaults;
}

/** Where an agent dials to. */
export interface Listener {
  readonly process: SimProcess;
  accept(link: Link, from: { readonly remoteAddress: string }): void;
}

const REFUSED_MS = 5;

export class Network {
  readonly #options: NetworkOptions;
  readonly #links = new Set<SimLink>();
  /** Names of processes that nobody hears for now. */
  readonly #partitioned = new Set<string>();
  frames = 0;
  impaired = 0;
  /** Who answers dials now. */
  listener: Listener | undefined;

  constructor(options: NetworkOptions) {
    this.#options = options;
  }

  partition(name: string): void {
    this.#partitioned.add(name);
  }

  heal(name: string): void {
    this.#partitioned.delete(name);
  }

  /** A link to whoever listens now; rejects when nobody does, and never settles from behind a partition. */
  dial(from: SimProcess, remoteAddress: string): Promise<Link> {
    const { timeline, chance, faults } = this.#options;
    return new Promise((resolve, reject) => {
      timeline.after(REFUSED_MS + faults().delayMs * chance.unit(), () => {
        const { listener } = this;
        if (this.#partitioned.has(from.name) || listener?.process.isFrozen === true) return;
        if (listener === undefined || listener.process.isDead) {
          return from.enter(() => reject(new Error('connection refused')));
        }
        const near = new SimLink(this, from);
        const far = new SimLink(this, listener.process, near);
        this.#links.add(near).add(far);
        listener.process.enter(() => listener.accept(far, { remoteAddress }));
        from.enter(() => resolve(near));
      });
    });
  }

  /** The links of a process that ended: its system closes them, unless the plug was pulled. */
  ended(process: SimProcess, isSilent: boolean): void {
    for (const link of this.#links) {
      if (link.process !== process) continue;
      if (isSilent) this.forget(link);
      else link.breakOff('the other program ended');
    }
  }

  forget(link: SimLink): void {
    this.#links.delete(link);
  }

  /** Carries a frame, or the end of the link, to the other side. */
  carry(link: SimLink, item: Uint8Array | LinkEnd): void {
    const { chance, timeline } = this.#options;
    const faults = this.#options.faults();
    this.frames += 1;
    if (this.#isCut(link)) return;
    const isFrame = item instanceof Uint8Array && isSessionFrame(item);
    if (chance.happens(faults.cut)) return this.#impair(() => link.cut('the network cut the link'));
    if (item instanceof Uint8Array && chance.happens(faults.lost)) return this.#impair(() => undefined);
    const delayMs = faults.delayMs * chance.unit() ** 2;
    const isSwapped = isFrame && chance.happens(faults.swapped);
    const isDoubled = isFrame && chance.happens(faults.doubled);
    if (isSwapped || isDoubled) this.impaired += 1;
    // In order unless swapped: nothing overtakes what was sent before it.
    const atMs = isSwapped
      ? timeline.nowMs() + delayMs
      : Math.max(link.lastArrivalMs, timeline.nowMs() + delayMs);
    link.lastArrivalMs = Math.max(atMs, link.lastArrivalMs);
    const arrive = (): void => {
      if (!this.#isCut(link)) link.other?.take(item);
    };
    timeline.after(atMs - timeline.nowMs(), arrive);
    if (isDoubled) timeline.after(atMs - timeline.nowMs() + faults.delayMs * chance.unit(), arrive);
  }

  #impair(act: () => void): void {
    this.impaired += 1;
    act();
  }

  #isCut(link: SimLink): boolean {
    const other = link.other?.process.name ?? '';
    return this.#partitioned.has(link.process.name) || this.#partitioned.has(other);
  }
}

interface LinkEnd {
  readonly code: LinkCode;
  readonly reason: string;
}

/** A session's frames are arrays, a handshake's maps (CBOR major types 4 and 5). */
const isSessionFrame = (frame: Uint8Array): boolean => (frame[0] ?? 0) >> 5 === 4;

class SimLink implements Link {
  readonly kind = 'memory';
  readonly remote = 'the simulated network';
  readonly process: SimProcess;
  other: SimLink | undefined;
  lastArrivalMs = 0;
  readonly #network: Network;
  readonly #inbox: LinkInbox;
  #isOpen = true;

  constructor(network: Network, process: SimProcess, other?: SimLink) {
    this.#network = network;
    this.process = process;
    this.other = other;
    if (other !== undefined) other.other = this;
    this.#inbox = new LinkInbox((code, reason) => this.#leave(code, reason));
  }

  send(frame: Uint8Array): void {
    if (this.#isOpen && !this.process.isDead) this.#network.carry(this, frame.slice());
  }

  bufferedBytes(): number {
    return 0;
  }

  listen(listener: LinkListener): void {
    this.#inbox.listen(listener);
  }

  close(code: LinkCode, reason: string): void {
    this.#inbox.silence();
    if (!this.process.isDead) this.#leave(code, reason);
  }

  /** Something of the other side arrives. */
  take(item: Uint8Array | LinkEnd): void {
    this.process.enter(() => {
      if (item instanceof Uint8Array) return this.#inbox.frame(item.slice());
      this.#end(item);
    });
  }

  /** Both ends hear that the network broke it. */
  cut(reason: string): void {
    for (const link of [this, this.other]) {
      link?.process.enter(() => link.#end({ code: 'closed', reason }));
    }
  }

  /** The program behind this end is gone: the other end hears it. */
  breakOff(reason: string): void {
    if (this.#isOpen) this.#network.carry(this, { code: 'closed', reason });
    this.#isOpen = false;
    this.#network.forget(this);
  }

  #leave(code: LinkCode, reason: string): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#network.carry(this, { code, reason });
    this.#network.forget(this);
  }

  #end({ code, reason }: LinkEnd): void {
    this.#isOpen = false;
    this.#network.forget(this);
    this.#inbox.end(code, reason);
  }
}
