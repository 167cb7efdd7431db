// What ends up in the archive, as tar(1) reads it.

import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packSources } from '../../../../src/engine/source/pack-sources.ts';

let directory: string;

beforeEach(() => {
  directory = realpathSync(mkdtempSync(join(tmpdir(), 'tcompose-pack-')));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

const at = (path: string) => join(directory, path);

async function pack(names: Record<string, string>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  const files = Object.entries(names).map(([path, name]) => ({ path: at(path), name }));
  for await (const chunk of packSources(files)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const list = (archive: Buffer) =>
  execFileSync('tar', ['tv', '--full-time'], { input: archive, encoding: 'utf8', env: { TZ: 'UTC' } })
    .split('\n')
    .filter(Boolean)
    .map((line) => line.replace(/\s+/g, ' '));

describe('the archive of sources', () => {
  it('has files, links and directories under their new names, with modes and exact times', async () => {
    mkdirSync(at('dir'), { mode: 0o750 });
    writeFileSync(at('dir/file'), 'x'.repeat(600_000));
    chmodSync(at('dir/file'), 0o754);
    utimesSync(at('dir/file'), 1.5, 1.5);
    symlinkSync('../elsewhere', at('link'));
    const archive = await pack({ dir: 'app', 'dir/file': 'app/a', link: 'app/l' });
    const lines = list(archive).map((line) => line.replace(/^(\S+) \S+ /, '$1 '));
    expect(lines[0]).toMatch(/^drwxr-x--- 0 .* app\/$/);
    expect(lines[1]).toBe('-rwxr-xr-- 600000 1970-01-01 00:00:01.5 app/a');
    expect(lines[2]).toMatch(/^lrwxrwxrwx 0 .* app\/l -> \.\.\/elsewhere$/);
    const content = execFileSync('tar', ['xO', 'app/a'], { input: archive, maxBuffer: 2 ** 20 });
    expect(content.equals(Buffer.alloc(600_000, 'x'))).toBe(true);
  });

  it('leaves out what is gone, and what would block or is no file', async () => {
    execFileSync('mkfifo', [at('fifo')]);
    writeFileSync(at('file'), 'x');
    const lines = list(await pack({ gone: 'gone', fifo: 'fifo', 'file/below': 'below', file: 'file' }));
    expect(lines).toHaveLength(1);
  });

  it('reads nothing through a link that has come into the place of a directory', async () => {
    mkdirSync(at('secret'));
    writeFileSync(at('secret/key'), 'of the host');
    symlinkSync('secret', at('src'));
    const archive = await pack({ 'src/key': 'key' });
    expect(list(archive)).toEqual([]);
    expect(archive.includes('of the host')).toBe(false);
  });
});
