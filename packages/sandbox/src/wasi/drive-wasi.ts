// The driver of `wasi-1`: an unmodified WASI preview-1 command. Its input is what parseWasiInput reads, its output
// exit code, stdout and stderr. Whatever exit code it ends with, it has completed; a trap is a trap.
import { encodeWasiOutput, parseWasiInput } from '@trine/protocol';
import type { DriverFactory } from '../guest-driver.ts';
import { AbiBreach, type Guest, requireFunction } from '../guest-instance.ts';
import type { RunRequest } from '../guest-thread.ts';
import { GuestExit } from './host-call.ts';
import { WASI_MODULE, wasiImports } from './wasi-calls.ts';
import { WasiRun } from './wasi-run.ts';

/** Drives guests of the ABI `wasi-1`. */
export const driveWasi: DriverFactory = (request) => {
  const slot: { guest?: Guest; run?: WasiRun } = {};
  const running = (): WasiRun => {
    if (slot.run === undefined) throw new Error('A guest called its host before it was opened.');
    return slot.run;
  };
  return {
    imports: { [WASI_MODULE]: wasiImports(running) },
    opened(guest) {
      slot.guest = guest;
    },
    advance() {
      const { guest } = slot;
      if (guest === undefined) throw new Error('A guest is driven only after it was opened.');
      slot.run = begin(request, guest);
      return outputOf(slot.run, exitCodeOf(guest), request.limits.outputBytes);
    },
  };
};

function begin(request: RunRequest, guest: Guest): WasiRun {
  const parsed = parseWasiInput(request.input);
  if (parsed.type === 'invalid') throw new AbiBreach(`the input ${parsed.message}`);
  return new WasiRun(request, guest, parsed.task);
}

function exitCodeOf(guest: Guest): number {
  try {
    guest.start?.();
    requireFunction(guest, '_start')();
    return 0;
  } catch (error) {
    if (error instanceof GuestExit) return error.exitCode;
    throw error;
  }
}

function outputOf({ output }: WasiRun, exitCode: number, bytesMax: number): Uint8Array {
  const bytes = encodeWasiOutput({
    exitCode,
    stdout: output.bytes('stdout'),
    stderr: output.bytes('stderr'),
  });
  if (bytes.length > bytesMax) throw new AbiBreach(`output over the limit of ${bytesMax} bytes`);
  return bytes;
}
