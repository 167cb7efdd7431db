// `config` from the command line: each flag, by what it prints.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const launcher = join(import.meta.dirname, '../../../bin/tcompose');
const directory = mkdtempSync(join(tmpdir(), 'tcompose-config-'));

const files = {
  'compose.yaml': `name: shop
services:
  web:
    image: nginx:\${TAG:-1}
    environment: {LEVEL: debug}
    depends_on: [db]
    models: [chat]
    pre_start: [{command: ./migrate, image: tools}]
    volumes: ["./src:/src", "data:/data"]
  db:
    build: .
    env_file: missing.env
  tool:
    image: tool
    profiles: [debug]
volumes: {data: {}, unused: {}}
models: {chat: {model: ai/chat}}
`,
  'compose.override.yaml': 'services: {web: {environment: [LEVEL=info]}}\n',
  'old.yaml': '# mine\nversion: "2"\nservices:\n  web:\n    image: x # here\n    log_driver: syslog\n',
  'bad.yaml': 'services:\n  web:\n    imge: x\n    ports: 80\n',
};

beforeAll(() => {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
});
afterAll(() => rmSync(directory, { recursive: true }));

function runWith(variables: Record<string, string>, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [launcher, ...args], {
    cwd: directory,
    env: { PATH: process.env['PATH'], HOME: directory, ...variables },
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

const run = (...args: string[]) => runWith({}, ...args);

const config = (...args: string[]) => run('config', ...args).stdout;

describe('config', () => {
  it.each([
    [['--services'], 'db\nweb\n'],
    [['--networks'], 'default\n'],
    [['--volumes'], 'data\n'],
    [['--models'], 'ai/chat\n'],
    [['--profiles', '--no-env-resolution'], 'debug\n'],
    [['--images', '--no-env-resolution'], 'nginx:1\ntools\nshop-db\n'],
    [['--images', '--no-env-resolution', 'db'], 'shop-db\n'],
    [['--services', '--profile', 'debug', '--format', 'json'], 'db\ntool\nweb\n'],
    [
      ['--variables'],
      'NAME      REQUIRED   DEFAULT VALUE   ALTERNATE VALUE\nTAG       false      1               \n',
    ],
    [['-q', '--services'], ''],
  ])('%j', (args, expected) => {
    expect(config(...args)).toBe(expected);
  });

  it('prints nothing else, whatever variables the user has', () => {
    const variables = { LOG_STREAM: 'my-stream', LOG_TOKENS: '1' };
    expect(runWith(variables, 'config', '--services')).toEqual({
      status: 0,
      stdout: 'db\nweb\n',
      stderr: '',
    });
  });

  it('--variables --format json', () => {
    expect(JSON.parse(config('--variables', '--format', 'json'))).toEqual({
      TAG: { Name: 'TAG', DefaultValue: '1', PresenceValue: '', Required: false },
    });
  });

  it('--environment', () => {
    const lines = config('--environment', '-p', 'other').split('\n');
    expect(lines).toContain(`HOME=${directory}`);
    expect(lines).toContain('COMPOSE_PROJECT_NAME=other');
  });

  it('--hash of one service does not care for what another one lacks', () => {
    expect(config('--hash', 'tool', '--profile', 'debug')).toMatch(/^tool [0-9a-f]{64}\n$/);
    expect(config('--hash', '*', '--no-env-resolution').match(/^\w+/gm)).toEqual(['db', 'web']);
    expect(run('config', '--hash', 'db').stderr).toContain('missing.env');
  });

  it('--no-interpolate, --no-normalize, --no-path-resolution', () => {
    const raw = config('--no-interpolate', '--no-env-resolution');
    expect(raw).toContain('image: nginx:${TAG:-1}');
    expect(raw).toContain(`source: ${directory}/src`);
    const bare = config('--no-normalize', '--no-path-resolution', '--no-env-resolution');
    expect(bare).toContain('source: ./src');
    expect(bare).not.toContain('name: shop_data');
    expect(run('--compatibility', 'config', '--no-env-resolution').stdout).not.toContain('shop_data');
    expect(run('config', '--no-interpolate', 'db').stderr).toContain('the whole model');
  });

  it('--no-consistency', () => {
    writeFileSync(join(directory, 'loose.yaml'), 'services: {a: {image: x, depends_on: [gone]}}\n');
    expect(run('-f', 'loose.yaml', 'config', '-q').status).toBe(1);
    expect(run('-f', 'loose.yaml', 'config', '-q', '--no-consistency').status).toBe(0);
  });

  it('-o writes to a file, and says if it cannot', () => {
    expect(run('config', '--no-env-resolution', '-o', 'out.yaml')).toMatchObject({ status: 0, stdout: '' });
    expect(readFileSync(join(directory, 'out.yaml'), 'utf8')).toContain('LEVEL: info');
    expect(run('config', '--no-env-resolution', '-o', 'no/out.yaml').stderr).toContain('cannot write');
  });

  it('--explain', () => {
    expect(config('--explain', 'web.environment.LEVEL', '--no-env-resolution')).toBe(
      `services.web.environment.LEVEL: "info"
  compose.override.yaml:1:32: services: {web: {environment: [LEVEL=info]}}
  instead of "debug", compose.yaml:5:26: environment: {LEVEL: debug}
`,
    );
    const [only] = JSON.parse(config('--explain', 'name', '--format', 'json', '--no-env-resolution'));
    expect(only).toMatchObject({ path: 'name', value: 'shop', origin: { source: { line: 1, col: 7 } } });
    expect(run('config', '--explain', 'web.imge', '--no-env-resolution').stderr).toContain('`image`');
  });

  it('--upgrade', () => {
    expect(run('-f', 'old.yaml', 'config', '--upgrade').stdout).toBe(
      '# mine\nservices:\n  web:\n    image: x # here\n    logging:\n      driver: syslog\n',
    );
    expect(run('-f', 'gone.yaml', 'config', '--upgrade').stderr).toContain('gone.yaml does not exist');
  });

  it('-q --format json: a diagnostic a line', () => {
    const { status, stdout, stderr } = run('-f', 'bad.yaml', 'config', '-q', '--format', 'json');
    expect([status, stderr]).toEqual([1, '']);
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      {
        severity: 'error',
        code: 'key-unknown',
        message: 'unknown key `imge` in service `web`',
        file: join(directory, 'bad.yaml'),
        line: 3,
        col: 5,
        endLine: 3,
        endCol: 9,
        hints: ['did you mean `image`?'],
      },
      expect.objectContaining({ code: 'value-type', line: 4, col: 12, endCol: 14 }),
    ]);
    const old = run('-f', 'old.yaml', 'config', '-q', '--format', 'json');
    expect([old.status, JSON.parse(old.stdout.split('\n')[0] ?? '').severity]).toEqual([0, 'warning']);
    expect(run('-f', 'loose.yaml', 'config', '-q', '--format', 'json', '--no-consistency').stdout).toBe('');
  });

  it('asks at a terminal before it fetches a file from elsewhere; no is the end', () => {
    const command = `${process.execPath} ${launcher} -f oci://127.0.0.1:1/x config`;
    const { status, stdout } = spawnSync('script', ['-qec', command, '/dev/null'], {
      cwd: directory,
      env: { PATH: process.env['PATH'], HOME: directory },
      input: 'n\n',
      encoding: 'utf8',
    });
    expect(stdout).toContain('Fetch and use them? [yN]');
    expect(stdout).toContain('not accepted');
    expect(status).toBe(130);
  });
});
