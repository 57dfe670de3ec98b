// Why a module is refused: the codes, and the one exception that carries a refusal to the border.

/** Proposals of WebAssembly that an edition does not accept. Each refusal names its proposal. */
export type Feature =
  | 'threads'
  | 'relaxed-simd'
  | 'exceptions'
  | 'gc'
  | 'memory64'
  | 'multi-memory'
  | 'custom-page-sizes'
  | 'wide-arithmetic';

/** Which limit of `limits.ts` was exceeded. */
export type LimitName =
  | 'module-bytes'
  | 'prepared-bytes'
  | 'types'
  | 'functions'
  | 'imports'
  | 'tables'
  | 'exports'
  | 'globals'
  | 'state-words'
  | 'segments'
  | 'name-bytes'
  | 'parameters'
  | 'block-parameters'
  | 'results'
  | 'locals'
  | 'operands'
  | 'nesting'
  | 'body-bytes'
  | 'loops'
  | 'branches'
  | 'calls'
  | 'loop-locals'
  | 'merged-values'
  | 'module-loop-locals'
  | 'unreachable-operands'
  | 'module-merged-values'
  | 'prepared-body-bytes'
  | 'branch-table'
  | 'table-entries'
  | 'constant-operands'
  | 'memory-pages';

/**
 * The code of a refusal.
 * `not-wasm`: the bytes do not begin as a WebAssembly 1 binary. `malformed`: the binary cannot be decoded.
 * `invalid`: it decodes but breaks a typing rule. `feature-…`: a proposal outside the edition.
 * `limit-…`: larger than allowed. `segment-out-of-bounds`: an active segment that could never be placed.
 * The rest break the ABI. `internal`: the rewriter itself failed; a bug, but never an exception.
 */
export type RefusalCode =
  | 'not-wasm'
  | 'malformed'
  | 'invalid'
  | `feature-${Feature}`
  | `limit-${LimitName}`
  | 'segment-out-of-bounds'
  | 'unknown-import'
  | 'import-wrong-signature'
  | 'reserved-export'
  | 'abi-missing-export'
  | 'abi-wrong-signature'
  | 'internal';

/**
 * Thrown inside the rewriter and caught by `prepare`, nowhere else. A value in every return type would cost
 * a branch for each byte read; bytes from a stranger still never throw past the border.
 */
export class Refusal extends Error {
  readonly code: RefusalCode;
  readonly offset: number;

  constructor(code: RefusalCode, offset: number, message: string) {
    super(message);
    this.name = 'Refusal';
    this.code = code;
    this.offset = offset;
  }
}

/** Refuses the module: `offset` is the byte where the cause is, `message` a sentence for its author. */
export function refuse(code: RefusalCode, offset: number, message: string): never {
  throw new Refusal(code, offset, message);
}

/** Refuses a module that uses a proposal outside the edition. */
export function refuseFeature(feature: Feature, offset: number, what: string): never {
  return refuse(
    `feature-${feature}`,
    offset,
    `${what} needs the WebAssembly feature "${feature}", which guests may not use; compile without it.`,
  );
}

// What has too much, where it is not the whole module.
const LIMITED_PARTS: Readonly<Partial<Record<LimitName, string>>> = {
  parameters: 'A type',
  results: 'A type',
  'block-parameters': 'A block',
  locals: 'A function',
  operands: 'A function',
  nesting: 'A function',
  'body-bytes': 'A function',
  loops: 'A function',
  branches: 'A function',
  calls: 'A function',
  'loop-locals': 'A function',
  'merged-values': 'A function',
  'prepared-body-bytes': 'A function',
};

/** Refuses when `value` is over `max`. */
export function assertLimit(name: LimitName, value: number, max: number, offset: number): void {
  if (value > max) {
    refuse(
      `limit-${name}`,
      offset,
      `${LIMITED_PARTS[name] ?? 'The module'} has ${value} ${name.replace(/^module-/, '').replaceAll('-', ' ')}; the limit is ${max}.`,
    );
  }
}
