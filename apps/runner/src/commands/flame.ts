/** `trine flame`: which functions a guest's fuel goes to, as a table and as a picture. */
import { LIMITS, TrineError } from '@trine/protocol';
import { basename } from 'node:path';
import { runFlame } from '../flame-thread.ts';
import { flameGraph, share } from '../flame-graph.ts';
import type { FunctionFuel, FuelProfile } from '../fuel-profile.ts';
import { type InputFlags, readModule, writeMade } from '../guest-files.ts';
import { prepareGuest, reportRefusal } from '../local-guest.ts';
import { type Output, shortFuel } from '../output.ts';
import { type LimitFlags, taskLimits } from '../task-limits.ts';
import { terminalText } from '../terminal-text.ts';
import { inputFor, type WasiFlags } from '../wasi-input.ts';
import { withCallHooks } from '../wasm/call-hooks.ts';
import { functionNamer, type Outline, outlineOf } from '../wasm/outline.ts';

export interface FlameFlags extends InputFlags, WasiFlags, LimitFlags {
  /** Where the picture goes; default: the module's name with .flame.svg, in the current folder. */
  readonly output?: string | undefined;
  /** Rows of the table. */
  readonly top?: number | undefined;
  readonly timeoutMs?: number | undefined;
}

const TOP = 20;

export async function flameCommand(output: Output, modulePath: string, flags: FlameFlags): Promise<void> {
  const limits = await taskLimits(flags);
  const module = await readModule(modulePath);
  const prepared = prepareGuest(module, limits);
  if (prepared.type === 'refused')
    return reportRefusal(output, prepared, { path: modulePath, bytes: module });
  const { abi } = prepared.report;
  const input = await inputFor(abi, flags);
  const bytes = withCallHooks(prepared.bytes, { functions: prepared.report.functions, fuel: limits.fuel });
  const { end, profile } = await runFlame(
    { bytes, abi, input, limits },
    flags.timeoutMs ?? LIMITS.taskTimeoutMs.value,
  );
  const outline = outlineOf(module);
  if (end.outcome === 'aborted') {
    throw new TrineError('internal', `The guest was stopped under its hooks: ${end.reason}.`);
  }
  const nameOf = functionNamer(outline);
  const picture = flags.output ?? `${basename(modulePath, '.wasm')}.flame.svg`;
  const title = `${basename(modulePath)}: ${end.outcome}`;
  await writeMade(picture, flameGraph(profile.root, { title, nameOf }));
  const summary: Summary = { outcome: end.outcome, fuel: String(end.fuel), picture };
  if (output.json) return output.value({ ...summary, functions: listed(profile, nameOf) });
  printProfile(output, summary, profile, { nameOf, top: flags.top ?? TOP, outline });
}

interface Summary {
  readonly outcome: string;
  readonly fuel: string;
  readonly picture: string;
}

const listed = ({ functions }: FuelProfile, nameOf: (index: number) => string) =>
  functions.map(({ index, calls, self, total }) => ({
    index,
    name: nameOf(index),
    calls,
    self: String(self),
    total: String(total),
  }));

interface Shown {
  readonly nameOf: (index: number) => string;
  readonly top: number;
  readonly outline: Outline;
}

function printProfile(output: Output, summary: Summary, profile: FuelProfile, shown: Shown): void {
  const { functions } = profile;
  const whole = Number(summary.fuel);
  output.line(`${summary.outcome}, ${summary.fuel} instructions; picture in ${summary.picture}`);
  output.table(
    functions.slice(0, shown.top).map((one) => row(one, whole, shown.nameOf)),
    ['self', 'fuel', 'with callees', 'calls', 'function'],
  );
  if (functions.length > shown.top) {
    output.line(`and ${functions.length - shown.top} more: --top ${functions.length}`);
  }
  if (shown.outline.functionNames.size === 0) {
    output.line('The module has no names. Keep them: `asc --debug`; with other compilers, do not strip.');
  }
}

const row = (one: FunctionFuel, whole: number, nameOf: (index: number) => string): readonly string[] => [
  share(one.self, whole).padStart(7),
  shortFuel(BigInt(one.self)),
  share(one.total, whole).padStart(7),
  String(one.calls),
  terminalText(nameOf(one.index)),
];
