/** The `trine` command: which words it takes. What they do is in commands/. */
import { ERRORS, TrineError } from '@trine/protocol';
import { createTrine, type Trine } from '@trine/sdk';
import { Command, CommanderError, Option } from 'commander';
import { addTools, withWasi, withWords } from './cli-tools.ts';
import { count, duration, fuel } from './cli-values.ts';
import {
  createKeyCommand,
  createTokenCommand,
  listKeysCommand,
  listTokensCommand,
  revokeKeyCommand,
  revokeTokenCommand,
} from './commands/access.ts';
import { joinCommand } from './commands/join.ts';
import { cancelCommand, jobCommand, jobsCommand, nodesCommand } from './commands/look.ts';
import { resultsCommand, type SubmitFlags, submitCommand } from './commands/submit.ts';
import { findAccess } from './config-files.ts';
import { environment } from './env.ts';
import { createOutput, type Output } from './output.ts';
import { terminalText } from './terminal-text.ts';
import { VERSION } from './version.ts';

/** Runs one command line; sets the exit code and never throws. */
export async function runCommand(argv: readonly string[]): Promise<void> {
  // `| head` closes the pipe early: its reader has seen enough.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  try {
    await buildCommand().parseAsync([...argv]);
  } catch (error) {
    process.exitCode = report(error);
  }
  // A closed WebRTC peer keeps timers for seconds: what had to be done is done.
  if (argv[2] === 'join') process.exit();
}

function report(error: unknown): number {
  // Commander has printed its own sentence already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : ERRORS['bad-request'].exit;
  const known = error instanceof TrineError;
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`trine: ${terminalText(message)}${known ? ` (${error.code})` : ''}\n`);
  return known ? ERRORS[error.code].exit : ERRORS.internal.exit;
}

export function buildCommand(): Command {
  const program = new Command('trine')
    .description('Lend this machine to a coordinator, or give it work.')
    .version(VERSION)
    .exitOverride()
    .showHelpAfterError('Try `trine --help`.');
  addJoin(program);
  addSubmit(program);
  addLooking(program);
  addAccess(program);
  addTools(program);
  for (const command of program.commands) pointToHelp(command, `trine ${command.name()}`);
  return program;
}

/** After a mistake in its words, each command names its own help. */
function pointToHelp(command: Command, words: string): void {
  command.showHelpAfterError(`Try \`${words} --help\`.`);
  for (const inner of command.commands) pointToHelp(inner, `${words} ${inner.name()}`);
}

// ── nodes ────────────────────────────────────────────────────────────────────────────────────────────

function addJoin(program: Command): void {
  program
    .command('join')
    .description('Run tasks for a coordinator until stopped; settings also as TRINE_… or in the file')
    .argument('[url]', 'address of the coordinator; a bare host means http and port 3000')
    .option('--token <token>', 'join token from the operator; without one this node is its own owner')
    .option('--token-file <file>', 'file that holds the token')
    .addOption(new Option('--node-name <name>', 'name shown to people (default: the machine’s)'))
    .addOption(new Option('--name <name>', 'short for --node-name').hideHelp())
    .option('--threads <count>', 'threads to lend (default: all but one)')
    .option('--data-dir <folder>', 'key, counters and modules (default: ~/.trine/node)')
    .option('--log-level <level>', 'debug, info, warn, error or silent')
    .option('--log-format <format>', 'text or json (default: text at a terminal)')
    .option('--labels <list>', 'labels of this node, separated by commas')
    .option('--no-webrtc', 'stay on the WebSocket')
    .option('--config <file>', 'settings as JSON (default: ~/.trine/runner.json)')
    .option('--print-config', 'show every setting with its source, and end', false)
    .option('--json', 'with --print-config: as JSON', false)
    .action((url: string | undefined, options: JoinOptions) =>
      joinCommand({
        flags: {
          url,
          token: options.token,
          'token-file': options.tokenFile,
          'node-name': options.nodeName ?? options.name,
          threads: options.threads,
          'data-dir': options.dataDir,
          'log-level': options.logLevel,
          'log-format': options.logFormat,
          labels: options.labels,
          webrtc: options.webrtc ? undefined : 'no',
        },
        config: options.config ?? environment()['TRINE_CONFIG'],
        printConfig: options.printConfig,
        json: options.json,
      }),
    );
}

interface JoinOptions {
  readonly token?: string;
  readonly tokenFile?: string;
  readonly nodeName?: string;
  readonly name?: string;
  readonly threads?: string;
  readonly dataDir?: string;
  readonly logLevel?: string;
  readonly logFormat?: string;
  readonly labels?: string;
  readonly webrtc: boolean;
  readonly config?: string;
  readonly printConfig: boolean;
  readonly json: boolean;
}

// ── jobs ─────────────────────────────────────────────────────────────────────────────────────────────

function addSubmit(program: Command): void {
  coordinated(withWasi(program.command('submit')))
    .description('Submit a WASM module with inputs: each input is a task')
    .argument('<module>', 'the .wasm file')
    .argument('[words...]', 'WASI: arguments of the command')
    .option('-i, --input <files...>', 'input files, one task each')
    .option('--inputs-dir <folder>', 'every file of a folder, by name')
    .option('--range <count>', 'that many tasks, told apart by their number', count)
    .option('--first <number>', 'with --range: the first number', count)
    .option('--shared <file>', 'with --range: bytes before each number')
    .option('--name <name>', 'name of the job')
    .option('--fuel <instructions>', 'most instructions of one task', fuel)
    .option('--memory <bytes>', 'most linear memory of one task', count)
    .option('--output <bytes>', 'longest output of one task', count)
    .addOption(new Option('--timeout <time>', 'longest attempt, e.g. 300s').argParser(duration))
    .option('--priority <0-9>', 'more goes first', count)
    .option('--manifest <file>', 'how outputs are shown, and default limits')
    .option('--public', 'shown to anyone (operator only)')
    .option('--idempotency-key <key>', 'a repeat with the same key is the same job')
    .option('--wait', 'wait for the end; exit code 1 unless every task is verified')
    .action((module: string, words: readonly string[], options: SubmitOptions) =>
      withTrine(options, (trine, output) =>
        submitCommand(trine, output, module, withWords({ ...options, timeoutMs: options.timeout }, words)),
      ),
    );
  coordinated(program.command('results'))
    .description('Print a job’s results')
    .argument('<job>')
    .option('--out <folder>', 'write each verified output to <folder>/<task>.bin (WASI: .stdout and .stderr)')
    .option('--follow', 'go on until the job has ended')
    .option('--after <sequence>', 'only entries after this one', count)
    .action(
      (
        job: string,
        options: CommonOptions & {
          readonly out?: string;
          readonly follow?: boolean;
          readonly after?: number;
        },
      ) => withTrine(options, (trine, output) => resultsCommand(trine, output, job, options)),
    );
}

interface SubmitOptions extends SubmitFlags, CommonOptions {
  readonly timeout?: number;
}

function addLooking(program: Command): void {
  coordinated(program.command('jobs'))
    .description('List jobs, newest first')
    .action((options: CommonOptions) => withTrine(options, jobsCommand));
  coordinated(program.command('job'))
    .description('Show one job')
    .argument('<job>')
    .action((job: string, options: CommonOptions) =>
      withTrine(options, (trine, output) => jobCommand(trine, output, job)),
    );
  coordinated(program.command('cancel'))
    .description('Cancel a job; what is verified stays')
    .argument('<job>')
    .action((job: string, options: CommonOptions) =>
      withTrine(options, (trine, output) => cancelCommand(trine, output, job)),
    );
  coordinated(program.command('nodes'))
    .description('List nodes')
    .action((options: CommonOptions) => withTrine(options, nodesCommand));
}

// ── access ───────────────────────────────────────────────────────────────────────────────────────────

function addAccess(program: Command): void {
  addTokens(program.command('token').description('Join tokens: who answers for a node (operator)'));
  addKeys(program.command('key').description('API keys: who may submit (operator)'));
}

function addTokens(token: Command): void {
  coordinated(token.command('create'))
    .requiredOption('--owner <name>', 'who answers for nodes that join with it')
    .option('--expires <time>', 'life of the token, e.g. 24h', duration)
    .option('--label <text>', 'shown wherever its nodes appear')
    .action(
      (
        options: CommonOptions & {
          readonly owner: string;
          readonly expires?: number;
          readonly label?: string;
        },
      ) =>
        withTrine(options, (trine, output) =>
          createTokenCommand(trine, output, {
            owner: options.owner,
            expiresInMs: options.expires,
            label: options.label,
          }),
        ),
    );
  coordinated(token.command('list')).action((options: CommonOptions) =>
    withTrine(options, listTokensCommand),
  );
  coordinated(token.command('revoke'))
    .argument('<token>', 'the token’s id, as `trine token list` shows it')
    .action((id: string, options: CommonOptions) =>
      withTrine(options, (trine, output) => revokeTokenCommand(trine, output, id)),
    );
}

function addKeys(key: Command): void {
  coordinated(key.command('create'))
    .requiredOption('--name <name>', 'whose key it is')
    .addOption(
      new Option('--role <role>', 'what it may do').choices(['submitter', 'operator']).default('submitter'),
    )
    .action((options: CommonOptions & { readonly name: string; readonly role: 'submitter' | 'operator' }) =>
      withTrine(options, (trine, output) =>
        createKeyCommand(trine, output, { name: options.name, role: options.role }),
      ),
    );
  coordinated(key.command('list')).action((options: CommonOptions) => withTrine(options, listKeysCommand));
  coordinated(key.command('revoke'))
    .argument('<key>', 'the key’s id, as `trine key list` shows it')
    .action((id: string, options: CommonOptions) =>
      withTrine(options, (trine, output) => revokeKeyCommand(trine, output, id)),
    );
}

// ── what they share ──────────────────────────────────────────────────────────────────────────────────

interface CommonOptions {
  readonly url?: string;
  readonly key?: string;
  readonly json?: boolean;
}

const coordinated = (command: Command): Command =>
  command
    .option('--url <url>', 'coordinator (TRINE_URL, .trine/cli.json, ~/.trine/config.json)')
    .option('--key <key>', 'API key (TRINE_KEY, or the same files)')
    .option('--json', 'for programs');

async function withTrine(
  options: CommonOptions,
  run: (trine: Trine, output: Output) => Promise<void>,
): Promise<void> {
  const access = await findAccess(options, environment(), process.cwd());
  await run(createTrine(access), createOutput({ json: options.json === true }));
}
