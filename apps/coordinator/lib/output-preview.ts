/** A few characters of an output for a table: text where it is text, hex where it is bytes. */
import { parseWasiOutput } from '@trine/protocol/wasi-output';
import { bytesFromBase64 } from './tiles.ts';
import type { OutputView } from './views.ts';

const TEXT_CHARACTERS = 120;
const HEX_BYTES = 24;

export interface Preview {
  readonly text: string;
  readonly kind: 'text' | 'hex' | 'empty';
}

type FieldsView = Extract<OutputView, { kind: 'fields' }>;
type Field = FieldsView['fields'][number];

/** What is known of an output's form: the manifest's view, and the ABI that made it. */
export interface OutputForm {
  readonly output: OutputView | undefined;
  readonly abi: string;
}

/** What the manifest says counts; outputs it says nothing of are shown as text when they are printable. */
export function previewOutput(base64: string, { output, abi }: OutputForm): Preview {
  const bytes = bytesFromBase64(base64);
  const command = abi === 'wasi-1' ? parseWasiOutput(bytes) : undefined;
  if (command === undefined) return previewBytes(bytes, output);
  const printed = previewBytes(command.stdout, output);
  if (command.exitCode === 0) return printed;
  return {
    text: `exit ${command.exitCode} ${printed.text}`.trim(),
    kind: printed.kind === 'hex' ? 'hex' : 'text',
  };
}

function previewBytes(bytes: Uint8Array, output: OutputView | undefined): Preview {
  if (bytes.length === 0) return { text: '', kind: 'empty' };
  const fields = output?.kind === 'fields' ? previewFields(bytes, output.fields) : undefined;
  if (fields !== undefined) return { text: fields, kind: 'text' };
  const isText = output === undefined || output.kind === 'text';
  const text = isText ? decodeText(bytes) : undefined;
  if (text !== undefined) return { text: shorten(text.trim(), TEXT_CHARACTERS), kind: 'text' };
  const hex = Array.from(bytes.subarray(0, HEX_BYTES), (byte) => byte.toString(16).padStart(2, '0')).join(
    ' ',
  );
  return { text: bytes.length > HEX_BYTES ? `${hex} …` : hex, kind: 'hex' };
}

function decodeText(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return PRINTABLE.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}

const PRINTABLE = /^[^\p{Cc}]*$|^[\p{L}\p{N}\p{P}\p{S}\p{Z}\t\r\n]+$/u;
const shorten = (text: string, characters: number): string =>
  text.length > characters ? `${text.slice(0, characters)}…` : text;

/** `p 2281, 2^p − 1 prime, …`; `undefined` when the output is too short for a field. */
function previewFields(bytes: Uint8Array, fields: readonly Field[]): string | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (fields.some(({ type, offset }) => offset + READERS[type].sizeBytes > bytes.length)) return undefined;
  return fields
    .map(({ name, offset, type, words }) => {
      const value = READERS[type].read(view, offset);
      return `${name} ${words?.[value] ?? value}`;
    })
    .join(', ');
}

interface Reader {
  readonly sizeBytes: number;
  readonly read: (view: DataView, offset: number) => string;
}

const READERS: Readonly<Record<Field['type'], Reader>> = {
  u8: { sizeBytes: 1, read: (view, offset) => String(view.getUint8(offset)) },
  u16: { sizeBytes: 2, read: (view, offset) => String(view.getUint16(offset, true)) },
  u32: { sizeBytes: 4, read: (view, offset) => String(view.getUint32(offset, true)) },
  i32: { sizeBytes: 4, read: (view, offset) => String(view.getInt32(offset, true)) },
  u64: { sizeBytes: 8, read: (view, offset) => String(view.getBigUint64(offset, true)) },
  i64: { sizeBytes: 8, read: (view, offset) => String(view.getBigInt64(offset, true)) },
  u128: {
    sizeBytes: 16,
    read: (view, offset) =>
      String(view.getBigUint64(offset, true) + (view.getBigUint64(offset + 8, true) << 64n)),
  },
  f64: { sizeBytes: 8, read: (view, offset) => String(view.getFloat64(offset, true)) },
  hex64: {
    sizeBytes: 8,
    read: (view, offset) => view.getBigUint64(offset, true).toString(16).padStart(16, '0'),
  },
};
