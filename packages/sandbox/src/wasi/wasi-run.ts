// The state of one WASI run that host calls work on: memory, fuel, descriptors, output, and the clock and chance
// that follow from the task alone.
import { portableSha256, type WasiTask } from '@trine/protocol';
import { AbiBreach, type Guest } from '../guest-instance.ts';
import type { RunRequest } from '../guest-thread.ts';
import { Descriptors } from './descriptors.ts';
import { GuestMemory } from './guest-memory.ts';
import {
  BYTES_PER_FUEL,
  ELAPSED_MAX_NS,
  EPOCH_NS,
  MONOTONIC_START_NS,
  RANDOM_BLOCK_FUEL,
  SEED_FUEL_PER_BYTE,
} from './limits.ts';
import { OutputStreams } from './output-streams.ts';
import { buildTree } from './virtual-tree.ts';

/** One run of one WASI command. */
export class WasiRun {
  readonly task: WasiTask;
  readonly memory: GuestMemory;
  readonly output: OutputStreams;
  readonly descriptors: Descriptors;
  readonly #request: RunRequest;
  readonly #fuel: WebAssembly.Global<'i64'>;
  #skippedNs = 0n;
  #seed: Uint8Array | undefined;
  #blocks = 0n;

  constructor(request: RunRequest, guest: Guest, task: WasiTask) {
    this.task = task;
    this.memory = new GuestMemory(guest.memory);
    this.output = new OutputStreams(request.limits.outputBytes);
    this.descriptors = new Descriptors(task.stdin, buildTree(task.files));
    this.#request = request;
    this.#fuel = guest.fuel;
  }

  /**
   * Takes fuel for what the host is about to do. Below zero the run ends as out of fuel, before the work. The
   * guest's own code writes its fuel back before every call, so the global is exact here.
   */
  charge(fuel: number): void {
    const left = this.#fuel.value - BigInt(fuel);
    this.#fuel.value = left;
    if (left < 0n) throw new AbiBreach('out of fuel in a host call');
  }

  chargeBytes(count: number): void {
    this.charge(Math.floor(count / BYTES_PER_FUEL));
  }

  /** Time spent computing: a nanosecond a unit of fuel. */
  computedNs(): bigint {
    return this.#request.limits.fuel - this.#fuel.value;
  }

  monotonicNs(): bigint {
    return MONOTONIC_START_NS + this.#elapsedNs();
  }

  realtimeNs(): bigint {
    return EPOCH_NS + this.#elapsedNs();
  }

  /** Sleeping costs no fuel: the clock just goes on. */
  sleep(ns: bigint): void {
    const room = ELAPSED_MAX_NS - this.#elapsedNs();
    if (room > 0n) this.#skippedNs += ns < room ? ns : room;
  }

  #elapsedNs(): bigint {
    const elapsed = this.computedNs() + this.#skippedNs;
    return elapsed < ELAPSED_MAX_NS ? elapsed : ELAPSED_MAX_NS;
  }

  /**
   * Fills `target` with bytes that follow from the task's input: SHA-256 of a label, the input's digest and a count,
   * block by block. What is left of a call's last block is thrown away.
   */
  randomise(target: Uint8Array): void {
    this.charge(Math.ceil(target.length / BLOCK_BYTES) * RANDOM_BLOCK_FUEL);
    const seed = this.#seedBytes();
    const block = new Uint8Array(LABEL.length + seed.length + COUNT_BYTES);
    block.set(LABEL);
    block.set(seed, LABEL.length);
    const view = new DataView(block.buffer);
    for (let at = 0; at < target.length; at += BLOCK_BYTES) {
      view.setBigUint64(LABEL.length + seed.length, this.#blocks, true);
      this.#blocks += 1n;
      target.set(portableSha256(block).subarray(0, target.length - at), at);
    }
  }

  #seedBytes(): Uint8Array {
    if (this.#seed !== undefined) return this.#seed;
    const { input } = this.#request;
    this.charge(input.length * SEED_FUEL_PER_BYTE);
    this.#seed = portableSha256(input);
    return this.#seed;
  }
}

const LABEL = new TextEncoder().encode('trine/wasi-1/random/');
const BLOCK_BYTES = 32;
const COUNT_BYTES = 8;
