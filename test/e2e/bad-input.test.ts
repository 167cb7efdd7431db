// Bad input: one clear error with a position, exit code 1 or 2, nothing changed.

import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Scenario } from './scenario.ts';

const image = 'image: host';
let scenario: Scenario;
afterEach(() => scenario.dispose());

async function refuse(
  compose: string | undefined,
  args: string[],
  expected: { message: RegExp; position?: string; status?: number },
): Promise<void> {
  scenario = new Scenario(compose === undefined ? {} : { 'compose.yaml': compose });
  const outcome = scenario.run(...args);
  const all = outcome.stdout + outcome.stderr;
  expect(all).toMatch(expected.message);
  if (expected.position) expect(all).toContain(expected.position);
  expect(all).not.toMatch(/\n\s+at /);
  expect(outcome.status).toBe(expected.status ?? 1);
  expect(await scenario.leftovers()).toEqual({});
}

const up = ['up', '-d'];

describe('bad input changes nothing:', () => {
  it('no Compose file', () => refuse(undefined, up, { message: /no .*compose.*file/i }));

  it('a file that is not there', () =>
    refuse(undefined, ['-f', 'nowhere.yaml', 'up', '-d'], { message: /nowhere\.yaml/ }));

  it('YAML that does not parse', () =>
    refuse('services:\n  a: [1\n', up, { message: /compose\.yaml/, position: ':' }));

  it('an unknown key, with a suggestion', () =>
    refuse(`services:\n  web:\n    ${image}\n    comand: "true"\n`, up, {
      message: /comand[\s\S]*command/,
      position: 'compose.yaml:4:5',
    }));

  it.each([
    [
      'a limit above what may be given',
      'ulimits: {nofile: 2147483647}',
      /ulimits\.nofile: 2147483647 is above/,
      4,
      23,
    ],
    ['a device that is not there', 'devices: [/dev/nonesuch]', /nonesuch does not exist on this host/, 4, 14],
    [
      'a CDI device that is not there',
      'devices: [example.org/x=1]',
      /no CDI specification of example\.org\/x/,
      4,
      14,
    ],
    ['a GPU that is not there', 'gpus: all', /no CDI specification of nvidia\.com\/gpu/, 4, 11],
    [
      'a disk that is not there',
      'blkio_config: {device_read_bps: [{path: /dev/nonesuch, rate: 1}]}',
      /nonesuch does not exist on this host/,
      4,
      19,
    ],
    ['an option of a tmpfs that is none', 'tmpfs: "/x:nonesuch=1"', /unknown option "nonesuch=1"/, 4, 12],
  ])('%s, with its place', (_, attribute, message, line, col) =>
    refuse(`services:\n  web:\n    ${image}\n    ${attribute}\n    command: "true"\n`, up, {
      message,
      position: `compose.yaml:${line}:${col}`,
    }),
  );

  it('a cycle in depends_on', () =>
    refuse(
      `services:\n  a:\n    ${image}\n    depends_on: [b]\n  b:\n    ${image}\n    depends_on: [a]\n`,
      up,
      {
        message: /cycle|circular/i,
        position: 'compose.yaml:',
      },
    ));

  it('an image that is nowhere', () =>
    refuse('services:\n  web:\n    image: docker-archive:nowhere.tar\n', up, {
      message: /nowhere\.tar/,
      position: 'compose.yaml:3',
    }));

  it('a bad port', () =>
    refuse(`services:\n  web:\n    ${image}\n    ports: ["99999:80"]\n`, up, {
      message: /99999/,
      position: 'compose.yaml:4',
    }));

  it('no such user in the image', () =>
    refuse(`services:\n  web:\n    ${image}\n    command: "true"\n    user: nosuchuser\n`, up, {
      message: /nosuchuser/,
      position: 'compose.yaml:5',
    }));

  it('a volume that is declared nowhere', () =>
    refuse(`services:\n  web:\n    ${image}\n    volumes: ["data:/data"]\n`, up, {
      message: /data/,
      position: 'compose.yaml:4',
    }));

  it('an unknown flag is a usage error', () =>
    refuse(`services:\n  web:\n    ${image}\n`, ['up', '--detatch'], {
      message: /--detatch[\s\S]*--detach/,
      status: 2,
    }));

  it('an unknown verb is a usage error with a suggestion', () =>
    refuse(`services:\n  web:\n    ${image}\n`, ['pss'], { message: /pss[\s\S]*ps/, status: 2 }));

  it('a port in use, with its holder named', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    try {
      await refuse(
        `services:\n  web:\n    ${image}\n    command: sleep 60\n    ports: ["127.0.0.1:${port}:80"]\n`,
        up,
        {
          message: new RegExp(`${port}[\\s\\S]*${process.pid}`),
          position: 'compose.yaml:5',
        },
      );
    } finally {
      server.close();
    }
  });
});

describe('a command that cannot run', () => {
  it('gives 127 when it does not exist, and 126 when it cannot be executed', () => {
    scenario = new Scenario({
      'compose.yaml': `services:\n  web:\n    ${image}\n    command: sleep 60\n    init: true\n`,
    });
    scenario.ok('up', '-d');
    expect(scenario.run('exec', '-T', 'web', 'nosuchcommand').status).toBe(127);
    expect(scenario.run('exec', '-T', 'web', '/etc/passwd').status).toBe(126);
    expect(scenario.run('exec', '-T', 'web', 'sh', '-c', 'exit 7').status).toBe(7);
  });
});
