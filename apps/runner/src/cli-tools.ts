/** The words of a guest author's tools: run, prepare, inspect, flame, new. They need no coordinator. */
import { Argument, type Command, Option } from 'commander';
import { count, duration, fuel } from './cli-values.ts';
import { flameCommand, type FlameFlags } from './commands/flame.ts';
import { inspectCommand, type InspectFlags } from './commands/inspect.ts';
import { type Language, LANGUAGES, newCommand } from './commands/new.ts';
import { prepareCommand, type PrepareFlags } from './commands/prepare.ts';
import { runGuestCommand, type RunFlags } from './commands/run.ts';
import { createOutput } from './output.ts';
import type { WasiFlags } from './wasi-input.ts';

interface JsonOption {
  readonly json?: boolean;
}

interface Timed extends JsonOption {
  readonly timeout?: number;
}

const outputOf = ({ json }: JsonOption) => createOutput({ json: json === true });

export function addTools(program: Command): void {
  addNew(program);
  addRun(program);
  addPrepare(program);
  addInspect(program);
  addFlame(program);
}

const withInput = (command: Command): Command =>
  command
    .option('-i, --input <file>', 'the input (default: no bytes)')
    .option('--input-hex <digits>', 'the input as hexadecimal digits')
    .option('--index <number>', 'append the task’s number, as a range job does', count)
    .option('--fuel <instructions>', 'most instructions', fuel)
    .option('--memory <bytes>', 'most linear memory', count)
    .option('--manifest <file>', 'limits where no flag says otherwise')
    .option('--output-max <bytes>', 'longest output', count);

/** A WASI command's own words. */
export const withWasi = (command: Command): Command =>
  command
    .option('--args <words...>', 'WASI: arguments of the command; those with a dash go behind a last `--`')
    .option('--argv0 <name>', 'WASI: the command’s own name (default: guest)')
    .option('--env <name=value...>', 'WASI: variables')
    .option('--stdin <file>', 'WASI: the standard input; - for this one')
    .option('--file <path=file...>', 'WASI: files that the command finds below /, read-only');

/** Words behind the module are arguments too, after those of `--args`. */
export const withWords = <T extends WasiFlags>(flags: T, words: readonly string[]): T =>
  words.length === 0 ? flags : { ...flags, args: [...(flags.args ?? []), ...words] };

function addNew(program: Command): void {
  program
    .command('new')
    .description('Make a folder with a guest that builds and runs at once')
    .addArgument(new Argument('<language>', 'what it is written in').choices(LANGUAGES))
    .argument('<name>', 'name of the folder and the guest')
    .option('--json', 'for programs')
    .action((language: Language, name: string, options: JsonOption) =>
      newCommand(outputOf(options), language, name),
    );
}

function addRun(program: Command): void {
  withWasi(withInput(program.command('run')))
    .description('Run a guest on one input here, exactly as a node would')
    .argument('<module>', 'the .wasm file')
    .argument('[words...]', 'WASI: arguments of the command')
    .option('-o, --output <file>', 'write the output there')
    .option('--checkpoint <file>', 'step guests: pause when interrupted, and write a checkpoint there')
    .option('--after-steps <count>', 'step guests: pause when so many steps are done', count)
    .option('--resume <file>', 'step guests: go on from a checkpoint')
    .addOption(new Option('--timeout <time>', 'longest attempt (default: 300s)').argParser(duration))
    .option('--json', 'for programs')
    .action((module: string, words: readonly string[], options: RunFlags & Timed) =>
      runGuestCommand(
        outputOf(options),
        module,
        withWords({ ...options, timeoutMs: options.timeout }, words),
      ),
    );
}

function addPrepare(program: Command): void {
  program
    .command('prepare')
    .description('Write the prepared module that nodes run, with its report')
    .argument('<module>', 'the .wasm file')
    .option('-o, --output <file>', 'write the prepared module there')
    .option('--memory <bytes>', 'most linear memory', count)
    .option('--manifest <file>', 'limits where no flag says otherwise')
    .option('--json', 'for programs')
    .action((module: string, options: PrepareFlags & JsonOption) =>
      prepareCommand(outputOf(options), module, options),
    );
}

function addFlame(program: Command): void {
  withWasi(withInput(program.command('flame')))
    .description('Show which functions a guest’s fuel goes to, as a table and as a flame graph')
    .argument('<module>', 'the .wasm file')
    .argument('[words...]', 'WASI: arguments of the command')
    .option('-o, --output <file>', 'the picture, an SVG (default: <module>.flame.svg)')
    .option('--top <count>', 'rows of the table (default: 20)', count)
    .addOption(new Option('--timeout <time>', 'longest attempt (default: 300s)').argParser(duration))
    .option('--json', 'for programs')
    .action((module: string, words: readonly string[], options: FlameFlags & Timed) =>
      flameCommand(outputOf(options), module, withWords({ ...options, timeoutMs: options.timeout }, words)),
    );
}

function addInspect(program: Command): void {
  program
    .command('inspect')
    .description('Explain a module: ABI, imports, features, cost, and why it would be refused')
    .argument('<module>', 'the .wasm file')
    .option('--memory <bytes>', 'most linear memory', count)
    .option('--manifest <file>', 'limits where no flag says otherwise')
    .option('--json', 'for programs')
    .action((module: string, options: InspectFlags & JsonOption) =>
      inspectCommand(outputOf(options), module, options),
    );
}
