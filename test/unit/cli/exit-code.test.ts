// The built tcompose as a shell sees it: what it prints where, and the code that it ends with.

import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const top = join(dirname(fileURLToPath(import.meta.url)), '../../..');
const directory = mkdtempSync(join(tmpdir(), 'tcompose-cli-'));
chmodSync(directory, 0o755);
const isRoot = process.getuid?.() === 0;

writeFileSync(join(directory, 'compose.yaml'), 'name: demo\nservices:\n  web:\n    image: host\n');
writeFileSync(join(directory, 'bad.yaml'), 'services:\n  web:\n    imag: host\n');

afterAll(() => rmSync(directory, { recursive: true }));

function run(line: string, options: { uid?: number; env?: Record<string, string> } = {}) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(top, 'bin/tcompose'), ...line.split(' ').filter((word) => word !== '')],
    {
      cwd: directory,
      encoding: 'utf8',
      uid: options.uid,
      gid: options.uid,
      env: { HOME: directory, TCOMPOSE_ROOT: join(directory, 'root'), ...options.env },
    },
  );
  return { status, stdout, stderr };
}

describe('exit codes', () => {
  it.each([
    ['version --short', 0],
    ['--version', 0],
    ['', 0],
    ['--help', 0],
    ['up --help', 0],
    ['help system check', 0],
    ['config -q', 0],
    ['config --variables', 0],
    ['config --hash web', 0],
    ['config --no-interpolate --format json', 0],
    ['config --format xml', 2],
    ['ps', 0],
    ['plan', 0],
    ['plan --detailed-exitcode', 100],
    ['up --dry-run', 0],
    ['down', 0],
    ['-p nothing-there down -v', 0],
    ['ls', 0],
    ['system check', 0],
    ['-H unix:///var/run/docker.sock -c default config -q', 0],
    ['-H tcp://10.0.0.1:2375 config -q', 1],
    ['--in-pod false --no-cleanup ls', 0],
    ['--podman-run-args=--rm config -q', 1],
    ['watch', 1],
    ['alpha scale web=2', 1],
    ['up --watch', 1],
    ['config --host x', 2],
    ['-f missing.yaml up', 1],
    ['-f bad.yaml config', 1],
    ['-f bad.yaml up -d', 1],
    ['logs nosuch', 1],
    ['exec web true', 1],
    ['run -d -p 1:1 -P web', 2],
    ['up --nosuch', 2],
    ['nosuch', 2],
    ['exec web', 2],
    ['version extra', 2],
    ['stop -t soon', 2],
    ['logs --since whenever', 2],
    ['up -d --abort-on-container-exit', 2],
    ['--progress loud up', 2],
    ['scale web', 2],
  ])('tcompose %s: %i', (line, code) => {
    const { status, stdout, stderr } = run(line);
    expect(`${status}\n${stderr}`).toMatch(new RegExp(`^${code}\n`));
    if (code === 0) expect(stderr).not.toMatch(/error|warning/);
    if (code === 1 || code === 2) {
      expect(stderr).toMatch(/^(\S+:\d+:\d+: )?error: \S/);
      expect(stderr).not.toMatch(/\n\s+at /);
      expect(stdout).toBe('');
    }
  });
});

describe('conflicts of flags', () => {
  it.each([
    'up -d --attach web',
    'up -d --attach-dependencies',
    'up -d --abort-on-container-failure',
    'up -d --exit-code-from web',
    'up --wait --abort-on-container-exit',
    'up --wait --attach web',
    'up --wait --attach-dependencies',
    'up --build --no-build',
    'up --force-recreate --no-recreate',
    'up --always-recreate-deps --no-recreate',
    'up -V --no-recreate',
    'up --attach web --attach-dependencies',
    'up --abort-on-container-exit --abort-on-container-failure',
    'create --force-recreate --no-recreate',
  ])('tcompose %s', (line) => {
    const { status, stderr } = run(line);
    expect({ status, stderr }).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('exclude each other'),
    });
  });

  it("a variable of the project's .env counts as its flag", () => {
    writeFileSync(join(directory, 'orphans.env'), 'COMPOSE_IGNORE_ORPHANS=1\n');
    const { status, stderr } = run('--env-file orphans.env up -d --remove-orphans');
    expect(status).toBe(2);
    expect(stderr).toContain('COMPOSE_IGNORE_ORPHANS and --remove-orphans');
  });

  it('a variable counts as its flag', () => {
    const { status, stderr } = run('up -d --remove-orphans', { env: { COMPOSE_IGNORE_ORPHANS: '1' } });
    expect(status).toBe(2);
    expect(stderr).toContain('COMPOSE_IGNORE_ORPHANS and --remove-orphans');
  });
});

describe('help', () => {
  it('shows examples first', () => {
    expect(
      run('up --help')
        .stdout.split('\n')
        .filter((line) => /^[A-Z ]+$/.test(line) && line !== ''),
    ).toEqual(['EXAMPLES', 'USAGE', 'FLAGS', 'GLOBAL FLAGS']);
  });

  it('names what is not supported', () => {
    expect(run('help').stdout).toMatch(/NOT SUPPORTED\n\s+alpha, bridge,/);
  });
});

describe('a caller without root', () => {
  it.skipIf(!isRoot)('gets a sentence where root is needed, and the rest without', () => {
    const nobody = { uid: 65_534, env: { TCOMPOSE_ROOT: join(directory, 'not-made') } };
    const up = run('up -d', nobody);
    expect(up).toMatchObject({ status: 1, stdout: '' });
    expect(up.stderr).toMatch(/^error: .*root/);
    expect(run('plan', nobody)).toMatchObject({ status: 0, stderr: '' });
    expect(run('config -q', nobody)).toMatchObject({ status: 0, stderr: '' });
    expect(run('exec web true', nobody).stderr).toMatch(/^error: .*root/);
    const root = join(directory, 'made-by-root');
    mkdirSync(root, { mode: 0o711 });
    writeFileSync(join(root, 'instance.json'), '{"v":1,"id":"","key":"00"}', { mode: 0o600 });
    for (const line of ['plan', 'ps', 'logs', 'stats --no-stream', 'events --until 0s']) {
      const { status, stderr } = run(line, { ...nobody, env: { TCOMPOSE_ROOT: root } });
      expect([line, status, stderr]).toEqual([line, 1, expect.stringMatching(/^error: .*root.*\n.*sudo/)]);
    }
  });
});

describe('errors as JSON', () => {
  it('come with --progress json, those in the command line too', () => {
    for (const line of ['--progress json -f bad.yaml config', '--progress=json up --nosuch']) {
      expect(JSON.parse(run(line).stderr)).toMatchObject({ error: true, message: expect.any(String) });
    }
  });
});
