// A case on the disk, and the command lines that ask about it.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Case, parseEnv, parseOptions, textOf } from '../conformance/case-file.ts';

export interface Sandbox {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Global flags. */
  readonly flags: readonly string[];
  readonly services: readonly string[];
  readonly stdin: string;
}

/** `directory` stands for the root directory of the case. */
export function createSandbox(one: Case, directory: string): Sandbox {
  const place = (name: string) => join(directory, name.startsWith('/') ? name : `/project/${name}`);
  const options = parseOptions(textOf(one, 'options'));
  for (const path of ['project', 'home/user']) mkdirSync(join(directory, path), { recursive: true });
  for (const { kind, name, text } of one.sections) {
    if (kind !== 'file' || name === '-') continue;
    mkdirSync(dirname(place(name)), { recursive: true });
    writeFileSync(place(name), text);
  }
  const cwd = join(directory, options.cwd ?? '/project');
  mkdirSync(cwd, { recursive: true });
  const { files = [], envFiles = [], profiles = [], projectDirectory, projectName, allResources } = options;
  return {
    cwd,
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: join(directory, 'home/user'),
      PWD: cwd,
      ...parseEnv(textOf(one, 'env')),
    },
    flags: [
      ...files.flatMap((file) => ['-f', file]),
      ...envFiles.flatMap((file) => ['--env-file', file]),
      ...profiles.flatMap((profile) => ['--profile', profile]),
      ...(projectDirectory ? ['--project-directory', join(directory, projectDirectory)] : []),
      ...(projectName ? ['-p', projectName] : []),
      ...(allResources ? ['--all-resources'] : []),
    ],
    services: options.services ?? [],
    stdin: one.sections.find(({ kind, name }) => kind === 'file' && name === '-')?.text ?? '',
  };
}
