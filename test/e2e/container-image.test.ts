// export and commit of containers: files looked at from outside, and run again.

import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { busyboxLayer } from '../native/image/fixture-image.ts';
import { eventually, Scenario } from './scenario.ts';

const compose = `
services:
  web:
    image: app:1
    command: ["/bin/busybox", "sh", "-c", "echo made here > /made; exec /bin/busybox sleep 600"]
    environment: {TOKEN: swordfish}
    volumes: [data:/data]
    working_dir: /work
    init: true
volumes:
  data:
`;

let scenario: Scenario;

afterEach(async () => {
  scenario.run('down', '-v', '-t', '0');
  expect(await scenario.leftovers()).toEqual({});
  scenario.dispose();
});

function up(): void {
  scenario = new Scenario({ 'compose.yaml': compose });
  spawnSync('tee', [join(scenario.directory, 'root.tar')], {
    input: busyboxLayer(),
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  scenario.ok('image', 'import', '-c', 'ENV FROM_IMAGE=yes', 'root.tar', 'app:1');
  scenario.ok('up', '-d');
  scenario.ok(
    'exec',
    '-T',
    'web',
    '/bin/busybox',
    'sh',
    '-c',
    'while [ ! -s /made ]; do :; done; echo x > /data/mounted',
  );
}

const list = (archive: string) =>
  spawnSync('tar', ['-tf', join(scenario.directory, archive)], { encoding: 'utf8' })
    .stdout.split('\n')
    .map((name) => name.replace(/^\.?\//, ''));

describe('export', () => {
  it('writes the files of image and container, and nothing of what is mounted', () => {
    up();
    scenario.ok('export', '-o', 'web.tar', 'web');
    const names = list('web.tar');
    expect(names).toEqual(expect.arrayContaining(['bin/busybox', 'made']));
    expect(names).not.toContain('data/mounted');
    scenario.ok('container', 'export', '-o', 'same.tar', 'project-web-1');
    expect(list('same.tar').sort()).toEqual(names.sort());
    expect(scenario.ok('--dry-run', 'export', '-o', 'none.tar', 'web').stdout).toBe(
      'would export project-web-1\n',
    );
    expect(scenario.ok('image', 'import', 'web.tar', 'flat').stdout).toMatch(/^sha256:/);
    const unknown = scenario.run('container', 'export', 'project-wab-1');
    expect(unknown.status).toBe(1);
    expect(unknown.stderr).toContain('did you mean "project-web-1"?');
  });
});

describe('commit', () => {
  it('makes an image that runs as the container did, with what it changed and without its secrets', async () => {
    up();
    const id = scenario
      .ok('commit', '-a', 'me <m@example.org>', '-m', 'as it is', '-c', 'LABEL made=here', 'web', 'app:2')
      .stdout.trim();
    expect(scenario.container('project-web-1').State).toBe('running');
    const [found] = JSON.parse(scenario.ok('image', 'inspect', 'app:2').stdout);
    expect(found).toMatchObject({
      Id: id,
      Author: 'me <m@example.org>',
      Comment: 'as it is',
      Config: {
        Env: ['FROM_IMAGE=yes'],
        Cmd: ['/bin/busybox', 'sh', '-c', 'echo made here > /made; exec /bin/busybox sleep 600'],
        WorkingDir: '/work',
        Labels: { made: 'here' },
      },
    });
    expect(JSON.stringify(found)).not.toContain('swordfish');
    scenario.write(
      'again.yaml',
      'name: again\nservices:\n  web: {image: "app:2", command: ["/bin/busybox", "cat", "/made"]}\n',
    );
    scenario.ok('-f', 'again.yaml', 'up', '-d');
    await eventually('the committed file is printed', () =>
      scenario.ok('-f', 'again.yaml', 'logs', '--no-log-prefix').stdout.includes('made here'),
    );
    scenario.ok('-f', 'again.yaml', 'down');
  });

  it('freezes what runs meanwhile, unless told otherwise, and leaves alone what is frozen', () => {
    up();
    const states = () =>
      readFileSync(join(scenario.root, 'events.jsonl'), 'utf8')
        .split('\n')
        .filter((line) => /"(un)?pause"/.test(line)).length;
    const before = states();
    scenario.ok('container', 'commit', 'project-web-1', 'app:2');
    expect(states() - before).toBe(2);
    scenario.ok('container', 'commit', '--pause=false', 'project-web-1', 'app:3');
    expect(states() - before).toBe(2);
    scenario.ok('pause');
    scenario.ok('commit', 'web', 'app:4');
    expect(scenario.container('project-web-1').State).toBe('paused');
    const failed = scenario.run('commit', '-c', 'FROM nothing', 'web', 'app:5');
    expect(failed.status).toBe(2);
    scenario.ok('unpause');
    expect(scenario.run('commit', '-c', 'FROM nothing', 'web', 'app:5').status).toBe(2);
    expect(scenario.container('project-web-1').State).toBe('running');
  });

  it('killed meanwhile leaves nothing frozen for longer than until the next command', async () => {
    up();
    // More to read than can be read before it is looked at.
    const fill = 'head -c 60000000 /dev/zero > /large';
    scenario.ok('exec', '-T', 'web', '/bin/busybox', 'sh', '-c', `/bin/busybox ${fill}`);
    const { id } = JSON.parse(readFileSync(join(scenario.root, 'instance.json'), 'utf8'));
    const status = `/run/tcompose-${id}/containers/${scenario.list('containers')[0]}/status`;
    const isFrozen = () => JSON.parse(readFileSync(status, 'utf8')).state === 'paused';
    // It may have thawed, or even ended, before the signal comes: then once more.
    await eventually('one is killed while the container is frozen', async () => {
      const commit = scenario.start(['commit', 'web', 'app:2'], { stdio: 'ignore' });
      const ended = once(commit, 'exit');
      await eventually('the container is frozen', () => isFrozen() || commit.exitCode !== null);
      commit.kill('SIGKILL');
      await ended;
      if (isFrozen()) return true;
      scenario.run('image', 'rm', 'app:2');
      return undefined;
    });
    expect(scenario.container('project-web-1').State).toBe('paused');
    expect(scenario.run('system', 'check').stdout).toContain('left it frozen');
    expect(scenario.ok('up', '-d').stderr).toContain('it goes on');
    expect(scenario.container('project-web-1').State).toBe('running');
    expect(scenario.ok('system', 'check').stdout).toBe('disk and kernel agree\n');
    expect(scenario.ok('image', 'ls', '-q', 'app:2').stdout).toBe('');
    scenario.ok('commit', 'web', 'app:2');
  });

  it('an image in use is not removed; the content stays for the container', () => {
    up();
    const refused = scenario.run('image', 'rm', '-f', 'app:1');
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain('is used by container project-web-1');
    expect(scenario.ok('image', 'prune', '-af').stdout).toBe('Total reclaimed space: 0B\n');
    scenario.ok('stop', '-t', '0');
    expect(scenario.run('image', 'rm', 'app:1').stderr).toContain('remove the container first');
    expect(scenario.ok('image', 'rm', '-f', 'app:1').stdout).toBe('Untagged: app:1\n');
    scenario.ok('start');
    expect(scenario.container('project-web-1').State).toBe('running');
  });
});
