import { execFileSync } from 'node:child_process';
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { placeBelow } from '../../../src/image/archive/place-below.ts';
import { tarEnd } from '../../../src/image/archive/tar-write.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tcompose-below-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** In pieces that fit no block. */
async function* pieces(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 777) yield bytes.subarray(at, at + 777);
}

describe('the tar of an image below a directory', () => {
  it('has the same members, those with long names, foreign letters and hard links too', async () => {
    const long = join('d'.repeat(60), 'e'.repeat(60));
    const almost = 'n'.repeat(96);
    const from = join(directory, 'from');
    mkdirSync(join(from, long), { recursive: true });
    writeFileSync(join(from, long, 'file'), 'x'.repeat(2000));
    writeFileSync(join(from, almost), 'almost');
    writeFileSync(join(from, 'grün'), 'green', { mode: 0o600 });
    linkSync(join(from, 'grün'), join(from, 'hard'));
    symlinkSync('/etc/passwd', join(from, 'soft'));
    const tar = execFileSync('tar', [
      '-C',
      from,
      '--format=pax',
      '-c',
      '--',
      ...['soft', 'grün', 'hard', almost, long],
    ]);
    const parts: Uint8Array[] = [];
    for await (const part of placeBelow(pieces(tar), 'linux_arm64')) parts.push(part);
    mkdirSync(join(directory, 'to'));
    execFileSync('tar', ['-C', join(directory, 'to'), '-x'], { input: Buffer.concat([...parts, tarEnd]) });
    const to = join(directory, 'to/linux_arm64');
    expect(readFileSync(join(to, long, 'file'), 'utf8')).toBe('x'.repeat(2000));
    expect(readFileSync(join(to, almost), 'utf8')).toBe('almost');
    expect(statSync(join(to, 'hard')).ino).toBe(statSync(join(to, 'grün')).ino);
    expect(statSync(join(to, 'grün')).mode & 0o777).toBe(0o600);
    expect(readlinkSync(join(to, 'soft'))).toBe('/etc/passwd');
  });

  it('that is torn is an error', async () => {
    const tar = execFileSync('tar', ['-C', '/etc', '-c', 'passwd']).subarray(0, 600);
    const all = async () => {
      for await (const _ of placeBelow(pieces(tar), 'x'));
    };
    await expect(all()).rejects.toThrow('ends too early');
  });
});
