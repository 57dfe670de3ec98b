// The guest's memory as host calls see it. Every range is checked before it is touched: a range outside answers
// EFAULT, never an exception. Pointers and lengths arrive as i32 and are taken as unsigned.

/** Makes what checks and reads ranges of a memory that may grow between calls. */
export class GuestMemory {
  readonly #memory: WebAssembly.Memory;
  #bytes: Uint8Array;
  #view: DataView;

  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory;
    this.#bytes = new Uint8Array(memory.buffer);
    this.#view = new DataView(memory.buffer);
  }

  /** Growth detaches the buffer: call it at the beginning of each host call. */
  refresh(): void {
    const { buffer } = this.#memory;
    if (buffer === this.#bytes.buffer) return;
    this.#bytes = new Uint8Array(buffer);
    this.#view = new DataView(buffer);
  }

  /** Whether `size` bytes at `pointer` lie inside. */
  has(pointer: number, size: number): boolean {
    return pointer + size <= this.#bytes.length;
  }

  /** A view of the guest's bytes, valid until the call returns. */
  bytes(pointer: number, size: number): Uint8Array {
    return this.#bytes.subarray(pointer, pointer + size);
  }

  write(pointer: number, bytes: Uint8Array): void {
    this.#bytes.set(bytes, pointer);
  }

  fill(pointer: number, size: number): void {
    this.#bytes.fill(0, pointer, pointer + size);
  }

  u8(pointer: number): number {
    return this.#view.getUint8(pointer);
  }

  u16(pointer: number): number {
    return this.#view.getUint16(pointer, true);
  }

  u32(pointer: number): number {
    return this.#view.getUint32(pointer, true);
  }

  u64(pointer: number): bigint {
    return this.#view.getBigUint64(pointer, true);
  }

  setU8(pointer: number, value: number): void {
    this.#view.setUint8(pointer, value);
  }

  setU16(pointer: number, value: number): void {
    this.#view.setUint16(pointer, value, true);
  }

  setU32(pointer: number, value: number): void {
    this.#view.setUint32(pointer, value, true);
  }

  setU64(pointer: number, value: bigint): void {
    this.#view.setBigUint64(pointer, value, true);
  }
}
