// Pages of memory: the unit in which checkpoints are hashed, proved and told apart.

/** Bytes of a page: WebAssembly's own, and the size of the chunks that artifacts are checked by. */
export const PAGE_BYTES = 65_536;

/** Pages of a 32-bit memory. */
export const PAGES_MAX = 65_536;

/** One page, or `undefined` for a page of zeros. */
export type Page = Uint8Array | undefined;

/** Whether the page holds nothing but zeros. */
export function isZeroPage(page: Uint8Array): boolean {
  const words = wordsOf(page);
  for (let index = 0; index < words.length; index += 1) if (words[index] !== 0) return false;
  return true;
}

/** Whether two pages hold the same bytes. */
export function isSamePage(one: Page, other: Page): boolean {
  if (one === other) return true;
  if (one === undefined || other === undefined) return false;
  const left = wordsOf(one);
  const right = wordsOf(other);
  for (let index = 0; index < left.length; index += 1) if (left[index] !== right[index]) return false;
  return true;
}

/** What a memory is copied against. */
export interface CopyOptions {
  /** An earlier copy: pages that are still as they were there are shared with it. */
  readonly before: readonly Page[];
  /** Most pages that are not all zeros. */
  readonly pagesMax: number;
}

/**
 * Memory as pages that stay as they are while the guest goes on; only what changed is copied. `undefined`, with nothing
 * copied, when it holds too many.
 */
export function copyPages(memory: Uint8Array, { before, pagesMax }: CopyOptions): Page[] | undefined {
  const found: Page[] = [];
  let used = 0;
  for (let at = 0; at < memory.length; at += PAGE_BYTES) {
    const page = memory.subarray(at, at + PAGE_BYTES);
    const isUsed = !isZeroPage(page);
    used += isUsed ? 1 : 0;
    if (used > pagesMax) return undefined;
    found.push(isUsed ? page : undefined);
  }
  return found.map((page, index) => {
    const known = before[index];
    return known !== undefined && isSamePage(known, page) ? known : page?.slice();
  });
}

// Words are compared four times as fast as bytes; a page that begins nowhere near a word is copied first.
function wordsOf(page: Uint8Array): Uint32Array {
  const aligned = page.byteOffset % 4 === 0 ? page : page.slice();
  return new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length >> 2);
}
