/** What a new guest begins as: a few files that build and run at once. All languages begin with the same guest. */

export interface Template {
  /** Path → text. */
  readonly files: Readonly<Record<string, string>>;
  /** Files that are programs. */
  readonly programs: readonly string[];
  /** The commands that build it, in its folder. */
  readonly build: readonly string[];
  /** What must be installed, as a sentence; empty when Node and npm are enough. */
  readonly needs: string;
}

/** Every guest named here counts Collatz steps; 27 takes 111. */
export const SAMPLE_INPUT_HEX = '1b00000000000000';
export const SAMPLE_OUTPUT_HEX = '6f00000000000000';

/** The part that does not depend on the language. */
export const sharedFiles = (
  name: string,
  source: string,
  template: Omit<Template, 'files' | 'programs'>,
) => ({
  'manifest.json': `${JSON.stringify(manifest(name), null, 2)}\n`,
  'README.md': readme(name, source, template),
  '.gitignore': '*.wasm\n*.o\n*.svg\nnode_modules/\n',
});

const manifest = (name: string) => ({
  name,
  title: name,
  summary: 'How many Collatz steps a number takes to reach 1.',
  abi: 'trine-1',
  module: `${name}.wasm`,
  output: { kind: 'fields', fields: [{ name: 'steps', offset: 0, type: 'u64' }] },
  limits: { fuel: '1000000000', memoryBytes: 1_048_576, outputBytes: 64 },
});

const readme = (
  name: string,
  source: string,
  { build, needs }: Omit<Template, 'files' | 'programs'>,
): string =>
  `# ${name}

A guest for Trine: bytes in, bytes out, the same on every machine. Input: a number as u64, little-endian. Output: how
many Collatz steps it takes to reach 1, as u64. Change \`${source}\` and make it yours.
${needs === '' ? '' : `\n${needs}\n`}
\`\`\`
${[...build, ...nextCommands(name)].join('\n')}
\`\`\`
`;

/** What to do with the module once it is built. */
export const nextCommands = (name: string): readonly string[] => [
  `trine run ${name}.wasm --manifest manifest.json --input-hex ${SAMPLE_INPUT_HEX}`,
  `trine inspect ${name}.wasm`,
  `trine flame ${name}.wasm --input-hex ${SAMPLE_INPUT_HEX}`,
  `trine submit ${name}.wasm --manifest manifest.json --range 1000 --wait`,
];
