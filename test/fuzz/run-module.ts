// Runs one prepared module of the `trine-1` shape and reduces all it did to three values, with nothing but
// JavaScript and WebAssembly, so that the same file runs in Node and bundled in a page and the two can be
// compared.

/** What a run came to; equal on every engine. */
export interface ModuleRun {
  readonly outcome: 'completed' | 'trapped' | 'out-of-fuel' | 'aborted';
  readonly fuel: bigint;
  /** Of the answer, the whole memory as it was left, and the host calls. */
  readonly digestHex: string;
}

/** What every run is given. */
export const INPUT = Uint8Array.from({ length: 64 }, (_, index) => (index * 37 + 11) & 0xff);

/** Instantiates `preparedBytes`, runs its former start function and `run` under `fuel`, and sums up. */
export function runModule(preparedBytes: Uint8Array, fuel: bigint): ModuleRun {
  const digest = new Digest();
  const note = (name: number) => (first: number, second: number) => digest.words([name, first, second]);
  const module = new WebAssembly.Module(preparedBytes as Uint8Array<ArrayBuffer>);
  const { exports } = new WebAssembly.Instance(module, { trine: { progress: note(1), log: note(2) } });
  const left = exports['trine:fuel'] as WebAssembly.Global;
  left.value = fuel;
  const error = attempt(() => call(exports, digest));
  const remaining = left.value as bigint;
  digest.bytes(new Uint8Array((exports['memory'] as WebAssembly.Memory).buffer));
  const aborted = (exports['trine:aborted'] as WebAssembly.Global).value === 1;
  const outcome = outcomeOf(error, remaining, aborted);
  return { outcome, fuel: outcome === 'out-of-fuel' ? fuel : fuel - remaining, digestHex: digest.hex() };
}

/** Runs an original without any limit and sums up as `runModule` does: only for what is known to complete. */
export function runOriginal(bytes: Uint8Array): string {
  const digest = new Digest();
  const note = (name: number) => (first: number, second: number) => digest.words([name, first, second]);
  const module = new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>);
  const { exports } = new WebAssembly.Instance(module, { trine: { progress: note(1), log: note(2) } });
  call(exports, digest);
  digest.bytes(new Uint8Array((exports['memory'] as WebAssembly.Memory).buffer));
  return digest.hex();
}

function call(exports: WebAssembly.Exports, digest: Digest): void {
  const [start, alloc, run] = ['trine:start', 'alloc', 'run'].map((name) => exports[name]);
  if (typeof start === 'function') {
    start();
  }
  if (typeof alloc !== 'function' || typeof run !== 'function') {
    throw new Error('not a guest of trine-1');
  }
  const place = Number(alloc(INPUT.length)) >>> 0;
  const memory = new Uint8Array((exports['memory'] as WebAssembly.Memory).buffer);
  if (place + INPUT.length <= memory.length) {
    memory.set(INPUT, place);
  }
  const answer = BigInt.asUintN(64, run(place, INPUT.length) as bigint);
  digest.words([Number(answer >> 32n), Number(answer & 0xffff_ffffn)]);
}

function attempt(action: () => void): unknown {
  try {
    action();
    return undefined;
  } catch (error) {
    return error;
  }
}

function outcomeOf(error: unknown, remaining: bigint, aborted: boolean): ModuleRun['outcome'] {
  if (aborted) return 'aborted';
  if (error !== undefined && !(error instanceof WebAssembly.RuntimeError)) {
    if (error instanceof RangeError) return 'aborted';
    throw error;
  }
  if (remaining < 0n) return 'out-of-fuel';
  return error === undefined ? 'completed' : 'trapped';
}

/** What a run did, as one value. Not for security: two multiplicative hashes of 32 bits tell two runs apart. */
export class Digest {
  private low = 0x811c9dc5;
  private high = 0x9e3779b9;

  words(words: readonly number[]): void {
    for (const word of words) {
      this.bytes(Uint8Array.of(word, word >>> 8, word >>> 16, word >>> 24));
    }
  }

  bytes(bytes: Uint8Array): void {
    for (const byte of bytes) {
      this.low = Math.imul(this.low ^ byte, 0x01000193);
      this.high = Math.imul(this.high ^ byte, 0x85ebca6b) ^ (this.high >>> 15);
    }
  }

  hex(): string {
    return [this.high, this.low].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('');
  }
}
