/** A few characters of an output for a table: of a WASI command what it printed, else what the output says. */
import { parseWasiOutput } from '@trine/protocol/wasi-output';
import { type OutputText, outputText } from '@trine/sdk/output-text';
import { bytesFromBase64 } from './tiles.ts';
import type { OutputView } from './views.ts';

/** What is known of an output's form: the manifest's view, and the ABI that made it. */
export interface OutputForm {
  readonly output: OutputView | undefined;
  readonly abi: string;
}

/** An exit code is told when it is not 0. */
export function previewOutput(base64: string, { output, abi }: OutputForm): OutputText {
  const bytes = bytesFromBase64(base64);
  const command = abi === 'wasi-1' ? parseWasiOutput(bytes) : undefined;
  if (command === undefined) return outputText(bytes, output);
  const printed = outputText(command.stdout, output);
  if (command.exitCode === 0) return printed;
  return {
    text: `exit ${command.exitCode} ${printed.text}`.trim(),
    kind: printed.kind === 'hex' ? 'hex' : 'text',
  };
}
