// A private registry as people run their own: a service of a project, with its data on a volume, users in a mounted
// htpasswd file and a published port. Images are pushed to it and run from it.

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { logIn } from '../../src/image/registry/login.ts';
import type { ImageStore } from '../../src/image/store.ts';
import { busyboxLayer, makeImage, smallLayer, writeLayout } from '../native/image/fixture-image.ts';
import { runAside, Sandbox } from '../native/image/sandbox.ts';
import { writeRegistryArchive } from './registry-image.ts';
import { Scenario } from './scenario.ts';

const host = '127.0.0.1:15990';
const user = { username: 'team', password: 'correct horse' };
const name = `${host}/team/greeter:1`;

const registryProject = `
services:
  registry:
    image: docker-archive:./registry.tar
    ports: ["${host}:5000"]
    environment:
      REGISTRY_AUTH: htpasswd
      REGISTRY_AUTH_HTPASSWD_REALM: team
      REGISTRY_AUTH_HTPASSWD_PATH: /auth/htpasswd
    volumes:
      - data:/var/lib/registry
      - ./htpasswd:/auth/htpasswd:ro
    healthcheck: {test: [CMD, wget, -q, -O, /dev/null, "http://127.0.0.1:5000/"], start_period: 20s, start_interval: 200ms}
    stop_grace_period: 2s
volumes:
  data:
`;
const greeter = (image: string) => `
services:
  greeter:
    image: ${image}
    command: [sh, -c, "/bin/busybox echo hello from $$(/bin/busybox cat /a)"]
`;

const image = makeImage({ layers: [busyboxLayer(), smallLayer('a', 'the registry')] });

describe('a registry run by tcompose', () => {
  let registry: Scenario;
  let sandbox: Sandbox;
  let store: ImageStore;

  beforeAll(async () => {
    sandbox = new Sandbox();
    registry = new Scenario({ 'compose.yaml': registryProject });
    registry.write(
      'htpasswd',
      execFileSync('htpasswd', ['-Bbn', user.username, user.password], { encoding: 'utf8' }),
    );
    writeRegistryArchive(join(registry.directory, 'registry.tar'));
    registry.ok('up', '-d', '--wait');
    store = sandbox.store();
    await store.load(writeLayout(sandbox, 'oci', [{ image, name }]));
  });
  afterAll(async () => {
    registry.dispose();
    sandbox.dispose();
    expect(await registry.leftovers()).toEqual({});
  });

  const home = (scenario: Scenario) => ({ environment: { HOME: scenario.environment['HOME'] } });
  /** Another machine, as far as images go: a data root and a home of its own. */
  async function onAnotherMachine(text: string, work: (machine: Scenario) => void, { login = true } = {}) {
    const machine = new Scenario({ 'compose.yaml': greeter(text) });
    try {
      if (login) await logIn(home(machine), { host, credentials: user });
      work(machine);
    } finally {
      machine.dispose();
    }
    expect(await machine.leftovers()).toEqual({});
  }

  it('takes a push from a user of its htpasswd file only, and shows skopeo what it got', async () => {
    await expect(store.push(name)).rejects.toMatchObject({ code: 'registry-unauthorized' });
    const wrong = { username: user.username, password: 'wrong' };
    const settings = { environment: { HOME: sandbox.path('home') } };
    await expect(logIn(settings, { host, credentials: wrong })).rejects.toMatchObject({
      code: 'login-refused',
    });
    await logIn(settings, { host, credentials: user });
    expect((await store.push(name)).digest).toBe(image.manifest.digest);
    const credentials = ['--tls-verify=false', '--creds', `${user.username}:${user.password}`];
    const inspected = JSON.parse(await runAside('skopeo', 'inspect', ...credentials, `docker://${name}`));
    expect(inspected).toMatchObject({
      Digest: image.manifest.digest,
      Layers: image.layers.map(({ digest }) => digest),
    });
  });

  it('gives a project its image by tag and by digest, and it runs', async () => {
    for (const text of [name, `${host}/team/greeter@${image.manifest.digest}`]) {
      await onAnotherMachine(text, (machine) => {
        machine.ok('up', '-d');
        machine.ok('wait', 'greeter');
        expect(machine.ok('logs', '--no-log-prefix', 'greeter').stdout).toBe('hello from the registry\n');
      });
    }
  });

  it('refuses a machine without a login, in words that name the command', async () => {
    await onAnotherMachine(
      name,
      (machine) => {
        const { status, stderr } = machine.run('up', '-d');
        expect(status).not.toBe(0);
        expect(stderr).toContain(`tcompose login ${host}`);
        expect(machine.list('containers')).toEqual([]);
      },
      { login: false },
    );
  });

  it('keeps its images on the volume when it is made anew', async () => {
    const [before] = registry.ps();
    registry.ok('down');
    registry.ok('up', '-d', '--wait');
    expect(registry.ps()[0]?.ID).not.toBe(before?.ID);
    await onAnotherMachine(name, (machine) => {
      expect(machine.ok('up').stdout).toContain('hello from the registry');
    });
  });
});
