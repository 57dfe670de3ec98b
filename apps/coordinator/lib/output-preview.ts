/** A few characters of an output for a table: text where it is text, hex where it is bytes. */
import { bytesFromBase64 } from './tiles.ts';

const TEXT_CHARACTERS = 120;
const HEX_BYTES = 24;

export interface Preview {
  readonly text: string;
  readonly kind: 'text' | 'hex' | 'empty';
}

/** `kind` is what the manifest says; outputs it says nothing of are shown as text when they are printable. */
export function previewOutput(base64: string, kind: 'bytes' | 'text' | undefined): Preview {
  const bytes = bytesFromBase64(base64);
  if (bytes.length === 0) return { text: '', kind: 'empty' };
  const text = kind === 'bytes' ? undefined : decodeText(bytes);
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
