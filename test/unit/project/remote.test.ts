import { spawnSync } from 'node:child_process';
import {
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
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TcError } from '../../../src/base/error.ts';
import { discoverFiles } from '../../../src/project/discover.ts';
import { createDiskReader } from '../../../src/project/disk-reader.ts';
import { loadProject } from '../../../src/project/load.ts';
import { createRemoteReader } from '../../../src/project/remote-reader.ts';
import { isRemote, parseRemote } from '../../../src/project/text/remote.ts';
import { createMemoryReader } from '../../conformance/memory-reader.ts';

describe('parseRemote', () => {
  it.each([
    ['https://host/x.git', { kind: 'git', url: 'https://host/x.git' }],
    ['https://host/x.git#main', { kind: 'git', url: 'https://host/x.git', ref: 'main' }],
    ['https://host/x.git#v1:sub/dir', { kind: 'git', url: 'https://host/x.git', ref: 'v1', path: 'sub/dir' }],
    ['https://host/x.git#:sub', { kind: 'git', url: 'https://host/x.git', path: 'sub' }],
    ['git@host:a/b.git#r', { kind: 'git', url: 'git@host:a/b.git', ref: 'r' }],
    ['ssh://git@host/a.git', { kind: 'git', url: 'ssh://git@host/a.git' }],
    ['github.com/a/b', { kind: 'git', url: 'https://github.com/a/b' }],
    ['https://github.com/a/b#r', { kind: 'git', url: 'https://github.com/a/b', ref: 'r' }],
    ['oci://host/x:1', { kind: 'oci', image: 'host/x:1' }],
  ])('reads %s', (name, reference) => {
    expect(parseRemote(name)).toEqual(reference);
    expect(isRemote(name)).toBe(true);
  });

  it.each(['compose.yaml', './x.git', '/abs/x.git', '../a#b', 'C:\\x', '-', 'git@', 'a b.git'])(
    'takes %s for local',
    (name) => {
      expect(isRemote(name)).toBe(false);
    },
  );

  it('knows a URL that nothing can fetch', () => {
    expect([parseRemote('https://host/compose.yaml'), isRemote('https://host/compose.yaml')]).toEqual([
      undefined,
      true,
    ]);
  });
});

describe('a remote file', () => {
  const files = new Map([
    ['/copy/compose.yaml', 'services: {db: {image: y, volumes: ["./d:/d"], build: .}}'],
    [
      '/p/compose.yaml',
      'include: ["https://host/x.git#v1"]\nservices: {web: {extends: {file: "https://host/x.git", service: db}}}',
    ],
  ]);
  const reader = { ...createMemoryReader(files), fetch: () => '/copy' };

  it('is included, its paths within its copy', () => {
    const model = loadProject(
      { files: ['/p/compose.yaml'], cwd: '/p', profiles: [], environment: {} },
      reader,
    );
    expect(model.services['db']?.volumes[0]?.source).toBe('/copy/d');
    expect(model.services['web']?.build?.context).toBe('/copy');
  });

  it('is a project of its own, named after the current directory', () => {
    const found = discoverFiles({ files: ['https://host/x.git'], cwd: '/here', environment: {} }, reader);
    const model = loadProject({ ...found, profiles: [] }, reader);
    expect([model.name, model.workingDir, model.configFiles]).toEqual([
      'here',
      '/copy',
      ['/copy/compose.yaml'],
    ]);
    expect(model.services['db']?.volumes[0]?.source).toBe('/copy/d');
  });

  it('without a Compose file is an error where it was named', () => {
    const empty = { ...reader, fetch: () => '/nothing' };
    const load = () =>
      loadProject({ files: ['/p/compose.yaml'], cwd: '/p', profiles: [], environment: {} }, empty);
    expect(load).toThrow(/has no Compose file/);
  });
});

describe('createRemoteReader', () => {
  const base = mkdtempSync(join(tmpdir(), 'tcompose-remote-'));
  const origin = join(base, 'origin');
  const url = 'https://host/x.git';
  let commands: string[] = [];

  const run = (args: readonly string[], cwd: string) => {
    const env = { PATH: process.env['PATH'], HOME: base, GIT_CONFIG_NOSYSTEM: '1' };
    const { status, stdout, stderr } = spawnSync('git', [...args], { cwd, env, encoding: 'utf8' });
    return { status: status ?? undefined, stdout, stderr };
  };
  const git = (args: readonly string[], cwd: string) => {
    commands.push(args[0] ?? '');
    return run(
      args.map((arg) => (arg === url ? `file://${origin}` : arg)),
      cwd,
    );
  };
  const reader = (confirm: () => boolean = () => true) =>
    createRemoteReader(createDiskReader(), { cacheDirectory: join(base, 'cache'), confirm, git });
  const fetch = (name: string, ...rest: Parameters<typeof reader>) => {
    commands = [];
    return reader(...rest).fetch?.(name) ?? '';
  };
  const commit = (message: string) => {
    run(['add', '-A'], origin);
    run(['-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '--quiet', '-m', message], origin);
    return run(['rev-parse', 'HEAD'], origin).stdout.trim();
  };

  beforeAll(() => {
    mkdirSync(join(origin, 'sub'), { recursive: true });
    run(['init', '--quiet', '--initial-branch=main'], origin);
    writeFileSync(join(origin, 'compose.yaml'), 'services: {a: {image: one}}\n');
    writeFileSync(join(origin, 'sub/compose.yaml'), 'services: {a: {image: sub}}\n');
    symlinkSync('/etc', join(origin, 'out'));
    commit('one');
    run(['tag', 'v1'], origin);
    run(['branch', 'a/v2'], origin);
  });
  afterAll(() => rmSync(base, { recursive: true }));

  it('fetches the default branch, and a directory of it', () => {
    expect(readFileSync(join(fetch(url), 'compose.yaml'), 'utf8')).toContain('one');
    expect(readFileSync(join(fetch(`${url}#main:sub`), 'compose.yaml'), 'utf8')).toContain('sub');
  });

  it('keeps what it fetched, by commit', () => {
    fetch(`${url}#v1`);
    expect(commands).toEqual(['ls-remote']);
    writeFileSync(join(origin, 'compose.yaml'), 'services: {a: {image: two}}\n');
    const second = commit('two');
    expect(readFileSync(join(fetch(url), 'compose.yaml'), 'utf8')).toContain('two');
    expect(readFileSync(join(fetch(`${url}#v1`), 'compose.yaml'), 'utf8')).toContain('one');
    fetch(`${url}#${second}`);
    expect(commands).toEqual([]);
  });

  it('asks first, once for each name', () => {
    let asked = 0;
    const one = reader(() => {
      asked++;
      return true;
    });
    one.fetch?.(url);
    one.fetch?.(url);
    expect(asked).toBe(1);
    expect(() => fetch(url, () => false)).toThrow('was not accepted');
    expect(commands).toEqual([]);
  });

  it.each([
    [`${url}#nothing`, 'there is no `nothing`'],
    [`${url}#main:none`, 'there is no `none` in the repository'],
    [`${url}#main:../..`, 'leads out of the repository'],
    [`${url}#main:out`, 'leads out of the repository'],
    ['https://host/other.git', 'cannot be fetched'],
    ['oci://host/x', 'is no Git repository'],
  ])('refuses %s', (name, message) => {
    expect(() => fetch(name)).toThrow(TcError);
    expect(() => fetch(name)).toThrow(message);
  });

  it('leaves nothing half-made behind', () => {
    const copies = readdirSync(join(base, 'cache')).flatMap((name) => readdirSync(join(base, 'cache', name)));
    expect(copies.filter((name) => !/^[0-9a-f]{40}$/.test(name))).toEqual([]);
  });

  it('says that git is missing', () => {
    const broken = createRemoteReader(createDiskReader(), {
      cacheDirectory: join(base, 'other'),
      confirm: () => true,
      git: () => ({ status: undefined, stdout: '', stderr: '' }),
    });
    expect(() => broken.fetch?.(url)).toThrow('git is not installed');
  });
});
