// login, pull, push, search and the registry commands, against Debian's docker-registry on loopback.

import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { smallLayer } from '../native/image/fixture-image.ts';
import {
  makeCertificates,
  RegistryServer,
  type RegistryServerOptions,
  user,
} from '../native/image/registry-server.ts';
import { Sandbox } from '../native/image/sandbox.ts';
import { eventually, executable, Scenario } from './scenario.ts';

let scenario: Scenario;
let sandbox: Sandbox;
let registry: RegistryServer;

beforeEach(() => {
  scenario = new Scenario({});
  sandbox = new Sandbox();
});
afterEach(async () => {
  await registry.stop();
  sandbox.dispose();
  scenario.dispose();
});

const start = async (options: RegistryServerOptions = {}) => {
  registry = await RegistryServer.start(sandbox, options);
};
const home = () => scenario.environment.HOME as string;

function importImage(reference: string, content = reference): string {
  writeFileSync(join(scenario.directory, 'root.tar'), smallLayer('f', content));
  return scenario.ok('image', 'import', 'root.tar', reference).stdout.trim();
}

/** The user's registries.json. */
function configure(value: object): void {
  const path = join(home(), '.config/tcompose/registries.json');
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, JSON.stringify(value));
}

function logIn(password = user.password) {
  return spawnSync(
    process.execPath,
    [executable, 'login', '-u', user.username, '--password-stdin', registry.host],
    { env: scenario.environment, encoding: 'utf8', input: `${password}\n` },
  );
}

describe('image push and pull', () => {
  it('go there and back, by tag and by digest, with the same id', async () => {
    await start();
    const name = `${registry.host}/team/app`;
    const id = importImage(`${name}:1`);
    const pushed = scenario.ok('image', 'push', `${name}:1`).stdout;
    const digest = /^1: digest: (sha256:[0-9a-f]{64}) size: \d+\n$/.exec(pushed)?.[1] as string;
    const seen = spawnSync('skopeo', ['inspect', '--tls-verify=false', `docker://${name}:1`], {
      encoding: 'utf8',
    });
    expect(JSON.parse(seen.stdout).Digest).toBe(digest);
    scenario.ok('image', 'rm', `${name}:1`);
    expect(scenario.ok('image', 'pull', `${name}:1`).stdout).toBe(
      `Digest: ${digest}\nStatus: Downloaded newer image for ${name}:1\n${name}:1\n`,
    );
    expect(scenario.ok('image', 'pull', `${name}:1`).stdout).toContain(
      `Status: Image is up to date for ${name}:1\n`,
    );
    expect(scenario.ok('image', 'ls', '-q', '--no-trunc').stdout).toBe(`${id}\n`);
    scenario.ok('image', 'rm', `${name}:1`);
    expect(scenario.ok('image', 'pull', '-q', `${name}@${digest}`).stdout).toBe(`${name}@${digest}\n`);
    const line = scenario.ok('image', 'ls', '--digests', '--format', '{{.Tag}} {{.Digest}}').stdout;
    expect(line).toBe(`<none> ${digest}\n`);
  });

  it('say the tag that nobody gave, take all tags, and do nothing in a dry run', async () => {
    await start();
    const name = `${registry.host}/app`;
    importImage(name);
    scenario.ok('image', 'tag', name, `${name}:2`);
    importImage('elsewhere:3');
    expect(scenario.ok('--dry-run', 'image', 'push', '-a', name).stdout).toBe(
      `would push ${name}:2\nwould push ${name}:latest\n`,
    );
    expect(scenario.run('registry', 'tags', name).stderr).toContain('not in the registry');
    expect(scenario.ok('image', 'push', name).stdout).toMatch(/^Using default tag: latest\nlatest: digest: /);
    expect(scenario.ok('image', 'push', '-aq', name).stdout).toBe(`${name}:2\n${name}:latest\n`);
    scenario.ok('image', 'rm', `${name}:2`, name);
    expect(scenario.ok('--dry-run', 'image', 'pull', name).stdout).toBe(
      `Using default tag: latest\nwould pull ${name}\n`,
    );
    expect(scenario.ok('image', 'pull', '-aq', name).stdout).toBe(`${name}:2\n${name}:latest\n`);
    expect(scenario.run('image', 'pull', '-a', `${name}:2`)).toMatchObject({ status: 2, stdout: '' });
  });

  it('fail in words for what is not there', async () => {
    await start();
    const pulled = scenario.run('image', 'pull', `${registry.host}/nobody:1`);
    expect(pulled).toMatchObject({ status: 1, stdout: '' });
    expect(pulled.stderr).toContain('check the spelling of the name and the tag');
    const pushed = scenario.run('image', 'push', `${registry.host}/nobody:1`);
    expect(pushed).toMatchObject({ status: 1, stdout: '' });
    expect(pushed.stderr).toContain('there is no image');
  });
});

describe('registry ls, tags, rm and image search', () => {
  it('show what the registry has, and take it away', async () => {
    await start();
    const { host } = registry;
    for (const name of ['team/app:1', 'team/app:2', 'db:9']) {
      importImage(`${host}/${name}`);
      scenario.ok('image', 'push', `${host}/${name}`);
    }
    expect(scenario.ok('registry', 'ls', '-q', host).stdout).toBe(`${host}/db\n${host}/team/app\n`);
    expect(scenario.ok('registry', 'ls', '--format', 'json', `http://${host}/`).stdout).toBe(
      `{"Repository":"${host}/db"}\n{"Repository":"${host}/team/app"}\n`,
    );
    expect(scenario.ok('registry', 'tags', `${host}/team/app`).stdout).toBe('TAG\n1\n2\n');
    expect(scenario.ok('image', 'search', `${host}/app`).stdout).toMatch(
      new RegExp(`^NAME +DESCRIPTION +STARS +OFFICIAL\n${host}/team/app +0 *\n$`),
    );
    expect(scenario.ok('search', '--format', '{{.Name}}', '--limit', '1', `${host}/`).stdout).toBe(
      `${host}/db\n`,
    );
    expect(scenario.run('registry', 'rm', `${host}/team/app:1`).stdout).toBe('');
    expect(scenario.ok('registry', 'rm', '-f', `${host}/team/app:1`).stdout).toMatch(/^Deleted: .*: sha256:/);
    expect(scenario.ok('registry', 'tags', '-q', `${host}/team/app`).stdout).toBe('2\n');
    const outcome = scenario.run('registry', 'rm', '-f', `${host}/team/app:1`, `${host}/db:9`);
    expect(outcome.status).toBe(1);
    expect(outcome.stdout).toMatch(/^Deleted: .*\/db:9: sha256:/);
  });
});

describe('login and logout', () => {
  it('keep credentials that are good, use them, and forget them', async () => {
    await start({ auth: 'basic' });
    const name = `${registry.host}/app`;
    importImage(name);
    const refused = scenario.run('image', 'push', name);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain(`tcompose login ${registry.host}`);
    const wrong = logIn('wrong');
    expect(wrong).toMatchObject({ status: 1, stdout: '' });
    expect(wrong.stderr).toContain(`${registry.host} does not accept these credentials`);
    const config = join(home(), '.docker/config.json');
    const good = logIn();
    expect(good).toMatchObject({ status: 0, stdout: 'Login Succeeded\n' });
    expect(good.stderr).toContain(`the credentials are kept in ${config}`);
    expect(statSync(config).mode & 0o777).toBe(0o600);
    expect(scenario.ok('login', registry.host).stdout).toContain(
      `Authenticated with the credentials of ${user.username}`,
    );
    scenario.ok('image', 'push', name);
    expect(scenario.ok('logout', registry.host).stdout).toBe(
      `Removed the credentials for ${registry.host}\n`,
    );
    expect(scenario.ok('logout', registry.host).stdout).toBe(`Not logged in to ${registry.host}\n`);
    expect(scenario.run('registry', 'tags', name).status).toBe(1);
  });

  it('warn of a password on the command line, and ask nobody where there is no terminal', async () => {
    await start({ auth: 'basic' });
    const given = scenario.run('login', '-u', user.username, '-p', user.password, registry.host);
    expect(given.status).toBe(0);
    expect(given.stderr).toContain('--password-stdin');
    const silent = scenario.run('login', '-u', user.username, registry.host);
    expect(silent.status).toBe(1);
    expect(silent.stderr).toContain('no terminal');
    expect(scenario.run('login', '--password-stdin', registry.host).status).toBe(2);
    expect(scenario.run('login', 'a b').status).toBe(2);
  });

  it('ask at a terminal, and show no password', async () => {
    await start({ auth: 'basic' });
    const line = `'${process.execPath}' '${executable}' login ${registry.host}`;
    const terminal = spawn('script', ['-qec', line, '/dev/null'], { env: scenario.environment });
    let shown = '';
    terminal.stdout.on('data', (chunk) => {
      shown += chunk;
    });
    const shows = (text: string) => eventually(text, () => shown.includes(text), 60);
    await shows('Username: ');
    terminal.stdin.write(`${user.username}\r`);
    await shows('Password: ');
    terminal.stdin.write(`${user.password}\r`);
    await shows('Login Succeeded');
    terminal.kill();
    expect(shown).not.toContain(user.password);
    const kept = JSON.parse(readFileSync(join(home(), '.docker/config.json'), 'utf8'));
    expect(Object.keys(kept.auths)).toEqual([registry.host]);
  });

  it('leave the keeping to a helper that is named', async () => {
    await start({ auth: 'basic' });
    const store = join(home(), 'kept');
    const helper = `#!/bin/sh\ncase $1 in\nstore) cat > '${store}';;\nget) [ -f '${store}' ] && cat '${store}' || { echo credentials not found in native keychain; exit 1; };;\nerase) rm -f '${store}';;\nesac\n`;
    mkdirSync(join(home(), 'bin'));
    writeFileSync(join(home(), 'bin/docker-credential-test'), helper, { mode: 0o755 });
    mkdirSync(join(home(), '.docker'));
    writeFileSync(join(home(), '.docker/config.json'), '{"credsStore":"test"}');
    scenario.environment.PATH = `${join(home(), 'bin')}:${scenario.environment.PATH}`;
    expect(logIn()).toMatchObject({ status: 0, stdout: 'Login Succeeded\n', stderr: '' });
    expect(JSON.parse(readFileSync(store, 'utf8'))).toMatchObject({ Username: user.username });
    expect(readFileSync(join(home(), '.docker/config.json'), 'utf8')).toBe('{"credsStore":"test"}');
    expect(scenario.ok('registry', 'ls', '-q', registry.host).stdout).toBe('');
    expect(scenario.ok('logout', registry.host).stdout).toContain('Removed');
  });
});

describe('registries.json', () => {
  it('names mirrors, which are asked first', async () => {
    await start();
    const id = importImage(`${registry.host}/library/app:1`);
    scenario.ok('image', 'push', `${registry.host}/library/app:1`);
    scenario.ok('image', 'rm', `${registry.host}/library/app:1`);
    configure({ mirrors: { 'docker.io': [`http://${registry.host}`] } });
    expect(scenario.ok('image', 'pull', '-q', 'app:1').stdout).toBe('docker.io/library/app:1\n');
    expect(scenario.ok('image', 'ls', '--no-trunc', '--format', '{{.ID}} {{.Repository}}').stdout).toBe(
      `${id} app\n`,
    );
  });

  it('names directories of certificates: an authority that is there has to vouch', async () => {
    await start({ tls: true });
    const name = `${registry.host}/app`;
    importImage(name);
    const authority = join(sandbox.directory, 'certs.d', registry.host, 'ca.crt');
    mkdirSync(dirname(authority), { recursive: true });
    writeFileSync(authority, readFileSync(makeCertificates(sandbox, 'other').cert));
    configure({ certificates: [join(sandbox.directory, 'certs.d')] });
    const refused = scenario.run('image', 'push', name);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain('ca.crt');
    writeFileSync(authority, readFileSync(sandbox.path('server.crt')));
    scenario.ok('image', 'push', name);
  });

  it('is refused with the place of what is wrong in it', async () => {
    await start();
    configure({ insecure: ['http://registry.lan'] });
    const outcome = scenario.run('image', 'ls');
    expect(outcome).toMatchObject({ status: 1, stdout: '' });
    expect(outcome.stderr).toContain('registries.json: insecure[0]: "http://registry.lan"');
  });
});
