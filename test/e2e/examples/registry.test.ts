// examples/registry as teams run their own: made of Debian's docker-registry, pushed to and run from.

import { execFileSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runAside } from '../../native/image/sandbox.ts';
import { Scenario } from '../scenario.ts';
import { buildTimeout, describeExample, Example } from './example.ts';

const host = '127.0.0.1:5000';
const user = { name: 'team', password: 'correct horse' };
const name = `${host}/team/greeter:1`;

const greeter = (image: string) => `
services:
  greeter:
    image: ${image}
`;
const dockerfile = `FROM scratch
COPY busybox /bin/
CMD ["/bin/busybox", "echo", "hello from the registry"]
`;

describeExample('registry', () => {
  let example: Example;
  let team: Scenario;

  beforeAll(async () => {
    example = await Example.build('registry');
    const line = execFileSync('htpasswd', ['-Bbn', user.name, user.password], { encoding: 'utf8' });
    example.write('auth/htpasswd', line);
    await example.finish('up', '-d', '--wait');
    team = new Scenario({ 'compose.yaml': `${greeter(name)}    build: .\n`, Dockerfile: dockerfile });
    copyFileSync('/bin/busybox', join(team.directory, 'busybox'));
    team.ok('build');
  }, buildTimeout);
  afterAll(async () => {
    for (const scenario of [team, example]) {
      scenario?.dispose();
      expect(await scenario?.leftovers()).toEqual({});
    }
  });

  const logIn = (scenario: Scenario, password = user.password) =>
    scenario.run('login', '-u', user.name, '-p', password, host);

  /** Another machine, as far as images go: a data root and a home of its own. */
  async function onAnotherMachine(image: string, work: (machine: Scenario) => void) {
    const machine = new Scenario({ 'compose.yaml': greeter(image) });
    try {
      work(machine);
    } finally {
      machine.dispose();
    }
    expect(await machine.leftovers()).toEqual({});
  }

  it('takes a push from a user of its htpasswd file only, and shows skopeo what it got', async () => {
    expect(team.run('push').stderr).toContain(`tcompose login ${host}`);
    expect(logIn(team, 'wrong').status).not.toBe(0);
    expect(logIn(team).stdout).toContain('Login Succeeded');
    team.ok('push');
    const credentials = ['--tls-verify=false', '--creds', `${user.name}:${user.password}`];
    const seen = JSON.parse(await runAside('skopeo', 'inspect', ...credentials, `docker://${name}`));
    expect(digestOf(team)).toBe(seen.Digest);
  });

  it('lists what it has', () => {
    expect(team.ok('registry', 'ls', host).stdout).toContain('team/greeter');
    expect(team.ok('registry', 'tags', `${host}/team/greeter`).stdout).toMatch(/\b1\b/);
  });

  it('gives a project its image by tag and by digest, and it runs', async () => {
    for (const image of [name, `${host}/team/greeter@${digestOf(team)}`]) {
      await onAnotherMachine(image, (machine) => {
        expect(logIn(machine).status).toBe(0);
        expect(machine.ok('up').stdout).toContain('hello from the registry');
      });
    }
  });

  it('refuses a machine without a login, in words that name the command', async () => {
    await onAnotherMachine(name, (machine) => {
      const { status, stderr } = machine.run('up', '-d');
      expect(status).not.toBe(0);
      expect(stderr).toContain(`tcompose login ${host}`);
      expect(machine.list('containers')).toEqual([]);
    });
  });

  it('keeps its images on the volume when it is made anew', async () => {
    const [before] = example.ps();
    example.ok('down');
    example.ok('up', '-d', '--wait');
    expect(example.ps()[0]?.ID).not.toBe(before?.ID);
    await onAnotherMachine(name, (machine) => {
      expect(logIn(machine).status).toBe(0);
      expect(machine.ok('up').stdout).toContain('hello from the registry');
    });
  });
});

/** As `docker image inspect` has it after a push. */
function digestOf(scenario: Scenario): string {
  const [{ RepoDigests }] = JSON.parse(scenario.ok('image', 'inspect', name).stdout) as [
    { RepoDigests: string[] },
  ];
  return RepoDigests[0]?.split('@')[1] ?? '';
}
