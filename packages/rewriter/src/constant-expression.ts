// Constant expressions: checked by type, and computed. A module imports no global, so every one of them has
// a value that is known here. Extended ones (sums, products, other globals) are folded into one instruction,
// because engines that guests meet do not all accept them.

import { CONSTANT_OPERANDS_MAX } from './limits.ts';
import type { FoldedConstant, GlobalType } from './module.ts';
import * as op from './opcodes.ts';
import type { Reader } from './reader.ts';
import { assertLimit, refuse, refuseFeature } from './refusals.ts';
import { V128_CONST } from './simd.ts';
import { Writer } from './writer.ts';

/** A value known before the module runs. */
export interface Constant {
  readonly type: number;
  /** The value of an integer, else 0. */
  readonly integer: bigint;
  /** The one instruction that pushes it. */
  readonly code: Uint8Array;
}

/** What constants may name, and where the folded ones are noted. */
export interface ConstantScope {
  readonly functions: readonly number[];
  readonly globals: readonly GlobalType[];
  /** Values of the globals decoded so far. */
  readonly initial: readonly Constant[];
  readonly declared: Set<number>;
  readonly folded: FoldedConstant[];
}

/** Reads a constant expression of type `type` with its `end`. */
export function parseConstant(reader: Reader, scope: ConstantScope, type: number): Constant {
  const start = reader.position;
  const stack: Constant[] = [];
  let instructions = 0;
  let isNamed = false;
  for (;;) {
    const offset = reader.position;
    const code = reader.u8();
    if (code === op.END) {
      break;
    }
    instructions += 1;
    isNamed ||= code === op.GLOBAL_GET;
    pushConstant(reader, scope, { stack, code, offset });
    assertLimit('constant-operands', stack.length, CONSTANT_OPERANDS_MAX, offset);
  }
  const [constant] = stack;
  if (constant === undefined || stack.length > 1 || constant.type !== type) {
    return refuse('invalid', start, `The constant is no ${op.typeName(type)}.`);
  }
  if (instructions > 1 || isNamed) {
    scope.folded.push({ start, end: reader.position - 1, code: constant.code });
  }
  return constant;
}

interface ConstantStep {
  readonly stack: Constant[];
  readonly code: number;
  readonly offset: number;
}

function pushConstant(reader: Reader, scope: ConstantScope, step: ConstantStep): void {
  const { stack, code, offset } = step;
  switch (code) {
    case op.I32_CONST:
      return push(reader, step, { type: op.I32, integer: BigInt(reader.s32()) });
    case op.I64_CONST:
      return push(reader, step, { type: op.I64, integer: reader.s64() });
    case op.F32_CONST:
      reader.skip(4);
      return push(reader, step, { type: op.F32, integer: 0n });
    case op.F64_CONST:
      reader.skip(8);
      return push(reader, step, { type: op.F64, integer: 0n });
    case op.REF_NULL:
      return push(reader, step, { type: parseNullType(reader), integer: 0n });
    case op.REF_FUNC:
      scope.declared.add(functionIndex(reader, scope));
      return push(reader, step, { type: op.FUNCREF, integer: 0n });
    case op.SIMD_PREFIX:
      vectorConstant(reader, offset);
      return push(reader, step, { type: op.V128, integer: 0n });
    case op.GLOBAL_GET:
      stack.push(globalValue(reader, scope));
      return;
    default:
      stack.push(computed(stack, code, offset));
  }
}

function vectorConstant(reader: Reader, offset: number): void {
  if (reader.u32() !== V128_CONST) {
    refuse('invalid', offset, 'A constant expression is no constant.');
  }
  reader.skip(16);
}

function push(
  reader: Reader,
  { stack, offset }: ConstantStep,
  value: { readonly type: number; readonly integer: bigint },
): void {
  stack.push({ ...value, code: reader.bytes.subarray(offset, reader.position) });
}

/** The type of the reference that `ref.null` makes. */
export function parseNullType(reader: Reader): number {
  const offset = reader.position;
  const type = reader.u8();
  return op.isReference(type) ? type : refuseFeature('gc', offset, 'A null of this type');
}

function functionIndex(reader: Reader, scope: ConstantScope): number {
  const offset = reader.position;
  const index = reader.u32();
  return index < scope.functions.length ? index : refuse('invalid', offset, `There is no function ${index}.`);
}

function globalValue(reader: Reader, { globals, initial }: ConstantScope): Constant {
  const offset = reader.position;
  const index = reader.u32();
  const value = initial[index];
  if (value === undefined || globals[index]?.mutable !== false) {
    return refuse('invalid', offset, `Global ${index} is no constant here.`);
  }
  return value;
}

type Arithmetic = (left: bigint, right: bigint) => bigint;
const ARITHMETIC: ReadonlyMap<number, readonly [number, Arithmetic]> = new Map<
  number,
  readonly [number, Arithmetic]
>([
  [op.I32_ADD, [op.I32, (left, right) => left + right]],
  [op.I32_SUB, [op.I32, (left, right) => left - right]],
  [op.I32_MUL, [op.I32, (left, right) => left * right]],
  [op.I64_ADD, [op.I64, (left, right) => left + right]],
  [op.I64_SUB, [op.I64, (left, right) => left - right]],
  [op.I64_MUL, [op.I64, (left, right) => left * right]],
]);

function computed(stack: Constant[], code: number, offset: number): Constant {
  const [type, compute] = ARITHMETIC.get(code) ?? refuseConstant(code, offset);
  const right = stack.pop();
  const left = stack.pop();
  if (left === undefined || left.type !== type || right?.type !== type) {
    return refuse('invalid', offset, `A constant expression wants two operands of ${op.typeName(type)}.`);
  }
  const integer = BigInt.asIntN(type === op.I32 ? 32 : 64, compute(left.integer, right.integer));
  const out = new Writer(11);
  out.u8(type === op.I32 ? op.I32_CONST : op.I64_CONST);
  out.s64(integer);
  return { type, integer, code: out.toBytes() };
}

function refuseConstant(code: number, offset: number): never {
  const feature = op.featureOfOpcode(code);
  if (feature !== undefined) {
    refuseFeature(feature, offset, 'A constant expression');
  }
  return refuse('invalid', offset, 'A constant expression is no constant.');
}
