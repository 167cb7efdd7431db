// Remote Git repositories, with the real git on a repository of this machine.

import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TcError } from '../../../../src/base/error.ts';
import type { Git } from '../../../../src/engine/remote/git.ts';
import { createRemotePort } from '../../../../src/engine/remote/remote-files.ts';

const base = mkdtempSync(join(tmpdir(), 'tcompose-remote-'));
const origin = join(base, 'origin');
const url = 'https://host/x.git';
let commands: string[] = [];

const run = (args: readonly string[], cwd: string) => {
  const env = { PATH: process.env['PATH'], HOME: base, GIT_CONFIG_NOSYSTEM: '1' };
  const { status, stdout, stderr } = spawnSync('git', [...args], { cwd, env, encoding: 'utf8' });
  return { status: status ?? undefined, stdout, stderr };
};
/** The host is a directory here; everything else is as it is. */
const git: Git = async (args, cwd) => {
  commands.push(args.find((arg) => /^(ls-remote|init|fetch|checkout)$/.test(arg)) ?? '');
  return run(
    args.map((arg) => (arg === url ? `file://${origin}` : arg)),
    cwd,
  );
};
const cacheDirectory = join(base, 'cache');
const port = (more: { git?: Git; cacheDirectory?: string } = {}) =>
  createRemotePort({ cacheDirectory, registries: { environment: {} }, git, ...more });
const fetch = async (name: string) => {
  const remote = port();
  return (await remote.fetch(name, await remote.resolve(name))).path;
};
const read = async (name: string) => readFileSync(await fetch(name), 'utf8');
const commit = (message: string) => {
  run(['add', '-A'], origin);
  run(['-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '--quiet', '-m', message], origin);
  return run(['rev-parse', 'HEAD'], origin).stdout.trim();
};

beforeAll(() => {
  mkdirSync(join(origin, 'sub'), { recursive: true });
  mkdirSync(join(origin, 'trap'));
  mkdirSync(join(origin, 'empty'));
  run(['init', '--quiet', '--initial-branch=main'], origin);
  writeFileSync(join(origin, 'compose.yaml'), 'services: {a: {image: one}}\n');
  writeFileSync(join(origin, 'sub/compose.yaml'), 'services: {a: {image: sub}}\n');
  writeFileSync(join(origin, 'empty/readme'), '');
  symlinkSync('/etc', join(origin, 'out'));
  symlinkSync('/etc/passwd', join(origin, 'trap/compose.yaml'));
  commit('one');
  run(['tag', 'v1'], origin);
  run(['branch', 'a/v2'], origin);
});
beforeEach(() => {
  commands = [];
});
afterAll(() => rmSync(base, { recursive: true }));

describe('a Git repository', () => {
  it('is fetched at its default branch; so is a directory or a file of it', async () => {
    expect(await read(url)).toContain('one');
    expect(await read(`${url}#main:sub`)).toContain('sub');
    expect(await read(`${url}#:sub/compose.yaml`)).toContain('sub');
  });

  it('is kept by commit, and a full commit is not asked for again', async () => {
    await fetch(`${url}#v1`);
    expect(commands).toEqual(['ls-remote']);
    writeFileSync(join(origin, 'compose.yaml'), 'services: {a: {image: two}}\n');
    const second = commit('two');
    expect(await read(url)).toContain('two');
    expect(await read(`${url}#v1`)).toContain('one');
    commands = [];
    await fetch(`${url}#${second}`);
    expect(commands).toEqual([]);
  });

  it('is accepted under the name that was fetched, and under no other', async () => {
    const path = await fetch(`${url}#v1`);
    const version = await port().resolve(`${url}#v1`);
    expect(await port().accepted(`${url}#v1`)).toEqual({ version, path });
    expect(await port().accepted(`${url}#a/v2`)).toBe(undefined);
    expect(await port({ cacheDirectory: join(base, 'other') }).accepted(`${url}#v1`)).toBe(undefined);
  });

  it.each([
    [`${url}#nothing`, 'there is no `nothing`'],
    [`${url}#main:none`, 'there is no `none` in it'],
    [`${url}#main:../..`, 'leads out of it'],
    [`${url}#main:out`, 'leads out of it'],
    [`${url}#main:out/passwd`, 'leads out of it'],
    [`${url}#main:trap`, 'leads out of it'],
    [`${url}#main:empty`, 'has no Compose file'],
    ['https://host/other.git', 'cannot be fetched'],
    ['https://host/x.yaml', 'is neither a Git repository nor an OCI artefact'],
  ])('%s is refused', async (name, message) => {
    await expect(fetch(name)).rejects.toThrow(TcError);
    await expect(fetch(name)).rejects.toThrow(message);
    await expect(
      port()
        .accepted(name)
        .catch(() => undefined),
    ).resolves.toBe(undefined);
  });

  it('leaves nothing half-made behind', () => {
    const repositories = readdirSync(join(cacheDirectory, 'git'));
    const copies = repositories.flatMap((name) => readdirSync(join(cacheDirectory, 'git', name)));
    expect(copies.length).toBeGreaterThan(0);
    expect(copies.filter((name) => !/^[0-9a-f]{40}$/.test(name))).toEqual([]);
  });

  it('needs git', async () => {
    const broken = port({ git: async () => ({ status: undefined, stdout: '', stderr: '' }) });
    await expect(broken.resolve(url)).rejects.toThrow('git is not installed');
  });

  it('is not taken from a cache that others can write', async () => {
    await fetch(url);
    chmodSync(cacheDirectory, 0o777);
    try {
      await expect(port().accepted(url)).rejects.toThrow('can be written by others');
      await expect(fetch(`${url}#v1`)).rejects.toThrow('can be written by others');
    } finally {
      chmodSync(cacheDirectory, 0o700);
    }
  });
});
