// The cases: what is built, and its context.
//
// A case begins with lines `#! KEY NAME=VALUE` that make its context and its options:
//   file, mode, link, hard, dir, fifo, remove   of the context
//   time (seconds), owner (`owner f=1:2`) of the context
//   archive (`archive x.tar.gz=DIRECTORY`), attributed (`attributed x.tar=NAME=VALUE`: a file `f` with that attribute)
//   arg, secret, context, host   of the build; `build KEY=JSON` sets any other member of the request

import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { endOfArchive, formatTarMember } from '../../../src/build/copy/tar-member.ts';

export interface Setting {
  readonly key: string;
  readonly name: string;
  readonly value: string;
}

export interface Case {
  readonly settings: readonly Setting[];
  readonly dockerfile: string;
}

export function parseCase(input: string): Case {
  const lines = input.split('\n');
  const settings: Setting[] = [];
  for (const line of lines) {
    const match = /^#! (\S+) ([^=]*)=?(.*)$/.exec(line);
    if (match === null) break;
    const [, key = '', name = '', value = ''] = match;
    settings.push({ key, name, value: value.replaceAll('\\n', '\n') });
  }
  return { settings, dockerfile: lines.slice(settings.length).join('\n') };
}

/** The value of a named context: `<context>` is the context's own directory. */
export function expandContext(value: string, context: string): string {
  return value.replace('<context>', context);
}

/** Writes the context of a case. */
export function writeContext(directory: string, { settings, dockerfile }: Case): void {
  for (const { key, name, value } of settings) {
    const path = join(directory, name);
    if (['file', 'link', 'hard', 'fifo'].includes(key)) mkdirSync(dirname(path), { recursive: true });
    if (key === 'file') writeFileSync(path, value);
    if (key === 'dir') mkdirSync(path, { recursive: true });
    if (key === 'link') symlinkSync(value, path);
    if (key === 'hard') linkSync(join(directory, value), path);
    if (key === 'mode') chmodSync(path, Number.parseInt(value, 8));
    if (key === 'time') utimesSync(path, Number(value), Number(value));
    if (key === 'owner') chownSync(path, ...(value.split(':').map(Number) as [number, number]));
    if (key === 'fifo') execFileSync('mkfifo', [path]);
    if (key === 'archive') {
      execFileSync('tar', [
        '--auto-compress',
        '--create',
        '--file',
        path,
        '--directory',
        join(directory, value),
        '.',
      ]);
    }
    if (key === 'attributed') writeFileSync(path, archiveWithAttribute(value));
    if (key === 'remove') rmSync(path, { recursive: true });
  }
  writeFileSync(join(directory, 'Dockerfile'), dockerfile);
}

function archiveWithAttribute(text: string): Buffer {
  const [name = '', value = ''] = text.split('=');
  const header = formatTarMember({
    ...{ name: 'f', type: '0', mode: 0o644, uid: 0, gid: 0, size: 0, mtime: 0, link: '', major: 0, minor: 0 },
    attributes: [{ name, value: Buffer.from(value) }],
  });
  return Buffer.concat([header, endOfArchive]);
}
