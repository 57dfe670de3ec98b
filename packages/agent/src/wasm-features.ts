/** Which WASM features this engine has, found by validating the smallest module that needs each. */

/** Sections are `[id, size, …]` after magic and version. Every probe is a type, a function and a body. */
const MODULE = [0, 97, 115, 109, 1, 0, 0, 0];
const probe = (...sections: readonly (readonly number[])[]): Uint8Array =>
  Uint8Array.from([...MODULE, ...sections.flat()]);
const TYPE_VOID = [1, 4, 1, 96, 0, 0];
const TYPE_I32_I32 = [1, 6, 1, 96, 1, 127, 1, 127];
const FUNCTION = [3, 2, 1, 0];
const code = (...body: readonly number[]): readonly number[] => [
  10,
  body.length + 4,
  1,
  body.length + 2,
  0,
  ...body,
  11,
];

const PROBES: Readonly<Record<string, Uint8Array>> = {
  /** local.get 0, i32.extend8_s */
  'sign-extension': probe(TYPE_I32_I32, FUNCTION, code(32, 0, 192)),
  /** f32.const 0, i32.trunc_sat_f32_s, drop */
  'saturating-conversion': probe(TYPE_VOID, FUNCTION, code(67, 0, 0, 0, 0, 252, 0, 26)),
  /** three constants, memory.fill */
  'bulk-memory': probe(TYPE_VOID, FUNCTION, [5, 3, 1, 0, 1], code(65, 0, 65, 0, 65, 0, 252, 11, 0)),
  /** i32.const 0, i8x16.splat, drop */
  simd: probe(TYPE_VOID, FUNCTION, code(65, 0, 253, 15, 26)),
  /** return_call 0 */
  'tail-call': probe(TYPE_VOID, FUNCTION, code(18, 0)),
  /** ref.null func, drop */
  'reference-types': probe(TYPE_VOID, FUNCTION, code(208, 112, 26)),
  /** A memory with 64-bit addresses. */
  memory64: probe([5, 3, 1, 4, 1]),
};

/** Names of the features found, in a fixed order. */
export const wasmFeatures = (): string[] =>
  Object.entries(PROBES).flatMap(([name, bytes]) =>
    WebAssembly.validate(bytes as BufferSource) ? [name] : [],
  );
