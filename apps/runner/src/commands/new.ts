/** `trine new`: a folder with a guest that builds and runs at once. */
import { TrineError } from '@trine/protocol';
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Output } from '../output.ts';
import { assemblyscriptTemplate } from '../templates/assemblyscript.ts';
import { cTemplate } from '../templates/c.ts';
import { rustTemplate } from '../templates/rust.ts';
import { nextCommands, type Template } from '../templates/template.ts';

export const LANGUAGES = ['assemblyscript', 'c', 'rust'] as const;

export type Language = (typeof LANGUAGES)[number];

const TEMPLATES: Readonly<Record<Language, (name: string) => Template>> = {
  assemblyscript: assemblyscriptTemplate,
  c: cTemplate,
  rust: rustTemplate,
};

/** Names become file, folder and package names, on every system. */
const NAME = /^[a-z][a-z0-9-]{0,63}$/;

export async function newCommand(output: Output, language: Language, name: string): Promise<void> {
  if (!NAME.test(name)) {
    throw new TrineError(
      'bad-request',
      `“${name}” is no name for a guest: 1 to 64 lower-case letters, digits and dashes, a letter first.`,
    );
  }
  const template = TEMPLATES[language](name);
  await makeFolder(name);
  for (const [path, text] of Object.entries(template.files)) await writeFile(join(name, path), text);
  for (const path of template.programs) await chmod(join(name, path), PROGRAM);
  const commands = [`cd ${name}`, ...template.build, ...nextCommands(name)];
  if (output.json) return output.value({ folder: name, files: Object.keys(template.files), commands });
  output.line(`Made ${name}: ${Object.keys(template.files).join(', ')}.`);
  if (template.needs !== '') output.line(template.needs);
  output.line('Next:');
  for (const command of commands) output.line(`  ${command}`);
}

const PROGRAM = 0o755;

async function makeFolder(name: string): Promise<void> {
  const entries = await mkdir(name, { recursive: true })
    .then(() => readdir(name))
    .catch((cause: unknown) => {
      throw new TrineError('permission-missing', `The folder ${name} cannot be made here.`, { cause });
    });
  if (entries.length > 0) {
    throw new TrineError('wrong-state', `The folder ${name} is not empty: choose another name.`);
  }
}
