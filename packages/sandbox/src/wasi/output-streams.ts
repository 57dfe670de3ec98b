// What a WASI guest writes to stdout and stderr. Together they may be no longer than the task's output, so a guest
// that floods them is stopped before it costs memory.
import { AbiBreach } from '../guest-instance.ts';

export type StreamName = 'stdout' | 'stderr';

/** Both streams of one run. */
export class OutputStreams {
  readonly #bytesMax: number;
  readonly #streams: Readonly<Record<StreamName, GrowingBytes>> = {
    stdout: new GrowingBytes(),
    stderr: new GrowingBytes(),
  };

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Says that `size` bytes will come; too many are a breach, as a longer output is in every ABI. */
  reserve(size: number): void {
    const { stdout, stderr } = this.#streams;
    if (stdout.length + stderr.length + size > this.#bytesMax) {
      throw new AbiBreach(`stdout and stderr over the limit of ${this.#bytesMax} bytes`);
    }
  }

  append(stream: StreamName, bytes: Uint8Array): void {
    this.#streams[stream].append(bytes);
  }

  bytes(stream: StreamName): Uint8Array {
    return this.#streams[stream].view();
  }
}

const START_BYTES = 4_096;

class GrowingBytes {
  #buffer = new Uint8Array(START_BYTES);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  append(bytes: Uint8Array): void {
    const needed = this.#length + bytes.length;
    if (needed > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(needed, this.#buffer.length * 2));
      larger.set(this.view());
      this.#buffer = larger;
    }
    this.#buffer.set(bytes, this.#length);
    this.#length = needed;
  }

  view(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }
}
