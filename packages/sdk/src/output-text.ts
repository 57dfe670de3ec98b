/** An output as a few characters of a line: text where it is text, fields by name where a manifest names them, else hex. */
import type { OutputView } from '@trine/control-plane/router';

const TEXT_CHARACTERS = 120;
const HEX_BYTES = 24;

/** The characters, and what they are. */
export interface OutputText {
  readonly text: string;
  readonly kind: 'text' | 'hex' | 'empty';
}

/** A manifest's view as it comes from code, and as JSON brings it: there nothing is `undefined`. */
type View = OutputView | undefined;
type Field = Extract<OutputView, { readonly kind: 'fields' }>['fields'][number];

/** What the manifest says counts; an output it says nothing of is text when it is printable. At most 120 characters. */
export function outputText(bytes: Uint8Array, view: View): OutputText {
  if (bytes.length === 0) return { text: '', kind: 'empty' };
  const fields = view?.kind === 'fields' ? fieldsText(bytes, view.fields) : undefined;
  if (fields !== undefined) return { text: fields, kind: 'text' };
  const isText = view === undefined || view.kind === 'text';
  const text = isText ? printableText(bytes) : undefined;
  if (text !== undefined) return { text: shorten(text.trim(), TEXT_CHARACTERS), kind: 'text' };
  const hex = Array.from(bytes.subarray(0, HEX_BYTES), (byte) => byte.toString(16).padStart(2, '0')).join(
    ' ',
  );
  return { text: bytes.length > HEX_BYTES ? `${hex} …` : hex, kind: 'hex' };
}

/** Whether this is a manifest's `output` that can be shown. Pictures are the dashboard's; their numbers are not looked at. */
export function isOutputView(value: unknown): value is OutputView {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return false;
  if (value.kind !== 'fields') return ['bytes', 'text', 'image'].some((kind) => kind === value.kind);
  return 'fields' in value && Array.isArray(value.fields) && value.fields.every(isField);
}

function isField(value: unknown): value is Field {
  if (typeof value !== 'object' || value === null) return false;
  if (!('name' in value && 'offset' in value && 'type' in value)) return false;
  return (
    typeof value.name === 'string' &&
    Number.isSafeInteger(value.offset) &&
    Number(value.offset) >= 0 &&
    typeof value.type === 'string' &&
    Object.hasOwn(READERS, value.type)
  );
}

/** The bytes as text, if they are UTF-8 without control characters other than ends of lines and tabs. */
export function printableText(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return CONTROLS.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

const CONTROLS = /(?![\t\r\n])\p{Cc}/u;
const shorten = (text: string, characters: number): string =>
  text.length > characters ? `${text.slice(0, characters)}…` : text;

/** `p 2281, 2^p − 1 prime, …`; `undefined` when the output is too short for a field. */
function fieldsText(bytes: Uint8Array, fields: readonly Field[]): string | undefined {
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
