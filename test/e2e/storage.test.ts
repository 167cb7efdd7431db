// Volumes, configs and secrets: looked at from inside the containers, in the kernel's mount table and on the disk.

import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { findProcesses } from './host-state.ts';
import { eventually, executable, Scenario } from './scenario.ts';

let scenario: Scenario;

afterEach(async () => {
  scenario.run('down', '-v', '-t', '0');
  expect(await scenario.leftovers()).toEqual({});
  expect(mountsOfInstance()).toEqual([]);
  scenario.dispose();
});

function mountsOfInstance(): string[] {
  const lines = readFileSync('/proc/mounts', 'utf8').split('\n');
  return lines.filter((line) => line.includes(` ${scenario.root}`));
}

const inside = (service: string, ...command: string[]) =>
  scenario.ok('exec', '-T', service, ...command).stdout.trimEnd();

const statOf = (service: string, ...paths: string[]) =>
  inside(service, 'stat', '-c', '%n %a %u %g %F', ...paths).split('\n');

/** An image of one layer with files of several owners, modes and kinds in /data. */
function makeImage(): void {
  const root = join(scenario.directory, 'image');
  mkdirSync(join(root, 'bin'), { recursive: true });
  copyFileSync('/bin/busybox', join(root, 'bin/busybox'));
  for (const name of ['sh', 'cat', 'stat', 'sleep', 'ls', 'touch', 'readlink', 'id'])
    symlinkSync('busybox', join(root, 'bin', name));
  scenario.write('image/data/file', 'of the image\n');
  scenario.write('image/data/deep/er', 'deeper\n');
  symlinkSync('file', join(root, 'data/link'));
  chmodSync(join(root, 'data/file'), 0o640);
  chownSync(join(root, 'data/file'), 5, 6);
  execFileSync('python3', ['-c', `import os; os.setxattr("${root}/data/file", "user.note", b"kept")`]);
  chownSync(join(root, 'data'), 7, 8);
  chmodSync(join(root, 'data'), 0o1770);
}

const service = (text: string) => `
    image: rootfs:./image
    command: sleep 1000
    stop_grace_period: 0s${text}`;

describe('a named volume', () => {
  it('starts with what the image has there: owners, modes, links, extended attributes', () => {
    scenario = new Scenario({
      'compose.yaml': `
services:
  a:${service(`
    volumes: [data:/data, {type: volume, source: empty, target: /data/deep, volume: {nocopy: true}}]`)}
  b:${service(`
    volumes: [data:/elsewhere]`)}
volumes: {data: {}, empty: {}}
`,
    });
    makeImage();
    scenario.ok('up', '-d');
    expect(statOf('a', '/data', '/data/file', '/data/link')).toEqual([
      '/data 1770 7 8 directory',
      '/data/file 640 5 6 regular file',
      '/data/link 777 0 0 symbolic link',
    ]);
    expect(inside('a', 'ls', '/data/deep')).toBe('');
    expect(inside('b', 'readlink', '/elsewhere/link')).toBe('file');
    const [volume = ''] = scenario.list('volumes').filter((name) => name.endsWith('_data'));
    const path = join(scenario.root, 'volumes', volume, '_data/file');
    const read = ['-c', 'import os,sys; print(os.getxattr(sys.argv[1], "user.note").decode())', path];
    expect(spawnSync('python3', read, { encoding: 'utf8' }).stdout).toBe('kept\n');
    // What is in it by now stays.
    inside('a', 'sh', '-c', 'echo mine > /data/file');
    scenario.ok('up', '-d', '--force-recreate');
    expect(inside('a', 'cat', '/data/file')).toBe('mine');
  });

  it('that is a file system is mounted with its first user and unmounted with its last', async () => {
    scenario = new Scenario({
      'compose.yaml': `
services:
  a: {image: host, command: sleep 1000, stop_grace_period: 0s, volumes: ["mem:/mem"]}
  b: {image: host, command: sleep 1000, stop_grace_period: 0s, volumes: ["mem:/mem"]}
volumes:
  mem: {driver_opts: {type: tmpfs, device: tmpfs, o: "size=2m,mode=1777,nosuid"}}
`,
    });
    scenario.ok('up', '-d');
    expect(mountsOfInstance()).toEqual([expect.stringContaining('tmpfs rw,nosuid,relatime,size=2048k')]);
    inside('a', 'sh', '-c', 'echo shared > /mem/file');
    expect(inside('b', 'cat', '/mem/file')).toBe('shared');
    scenario.ok('restart', 'a');
    scenario.ok('stop', 'b');
    expect(inside('a', 'cat', '/mem/file')).toBe('shared');
    scenario.ok('stop', 'a');
    expect(mountsOfInstance()).toEqual([]);
    scenario.ok('start');
    expect(inside('a', 'ls', '/mem')).toBe('');
    // A monitor that is killed leaves the mount; the next command takes it off.
    for (const name of ['a', 'b']) {
      const { ID } = scenario.ps().find((row) => row.Service === name) ?? { ID: '' };
      const [id = ''] = scenario.list('containers').filter((each) => each.startsWith(ID));
      process.kill(monitorPid(id), 'SIGKILL');
      await eventually('all of it is dead', () => findProcesses(id).length === 0);
    }
    expect(mountsOfInstance()).toHaveLength(1);
    expect(scenario.ok('down').stderr).toContain('unmounted, as nobody uses it any more');
    expect(mountsOfInstance()).toEqual([]);
  });

  it('that cannot be mounted says which option is to blame, and nothing is left', () => {
    const compose = (options: string) => `
services:
  a: {image: host, command: "true", volumes: ["vol:/v"]}
volumes: {vol: {driver_opts: {${options}}}}
`;
    scenario = new Scenario({ 'compose.yaml': compose('type: nonesuch, device: none') });
    const unknown = scenario.run('up', '-d');
    expect(unknown.status).toBe(1);
    expect(unknown.stderr).toContain('driver_opts.type: this kernel has no file system "nonesuch"');
    scenario.ok('down', '-v');
    scenario.write('compose.yaml', compose('type: tmpfs, device: tmpfs, o: "nonesuch=1"'));
    expect(scenario.run('up', '-d').stderr).toContain('driver_opts.o: tmpfs does not take "nonesuch=1"');
    scenario.ok('down', '-v');
    scenario.write('compose.yaml', compose('type: tmpfs, size: 1g, device: x'));
    const refused = scenario.run('up', '-d');
    expect(refused.stderr).toContain('driver_opts.size: quotas are not supported');
    expect(scenario.list('volumes')).toEqual([]);
  });
});

/** From the status of the container. */
function monitorPid(id: string): number {
  const { id: instance } = JSON.parse(readFileSync(join(scenario.root, 'instance.json'), 'utf8'));
  const status = readFileSync(`/run/tcompose-${instance}/containers/${id}/status`, 'utf8');
  return (JSON.parse(status) as { monitorPid: number }).monitorPid;
}

it('a volume that the file describes otherwise by now is made anew only for who says so', () => {
  const compose = (options: string) => `
services:
  a: {image: host, command: sleep 1000, stop_grace_period: 0s, volumes: ["kept:/kept"]}
volumes: {kept: {${options}}}
`;
  scenario = new Scenario({ 'compose.yaml': compose('') });
  scenario.ok('up', '-d');
  inside('a', 'sh', '-c', 'echo mine > /kept/file');
  scenario.write('compose.yaml', compose('labels: {a: b}'));
  // Nobody to ask: it stays, and that is said.
  expect(scenario.ok('up', '-d').stderr).toContain('it is used as it is');
  expect(inside('a', 'cat', '/kept/file')).toBe('mine');
  const typed = (answer: string) =>
    spawnSync('script', ['-qec', `${process.execPath} ${executable} up -d`, '/dev/null'], {
      cwd: scenario.directory,
      env: scenario.environment,
      input: `${answer}\n`,
      encoding: 'utf8',
    });
  expect(typed('n').stdout).toContain('Make it anew, and lose all data in it?');
  expect(inside('a', 'cat', '/kept/file')).toBe('mine');
  expect(typed('y').status).toBe(0);
  expect(inside('a', 'ls', '/kept')).toBe('');
  inside('a', 'sh', '-c', 'echo again > /kept/file');
  scenario.write('compose.yaml', compose('labels: {a: c}'));
  scenario.ok('up', '-d', '-y');
  expect(inside('a', 'ls', '/kept')).toBe('');
});

describe('other mounts', () => {
  it('come from other containers, from images, and below a subpath that cannot lead out', () => {
    scenario = new Scenario({
      'compose.yaml': `
services:
  a:${service(`
    volumes: [data:/data, ./own:/own, anonymous:/anonymous]
    tmpfs: /t`)}
  b:
    image: host
    command: sleep 1000
    stop_grace_period: 0s
    volumes_from: [a:ro]
    volumes:
      - {type: bind, source: ./own, target: /anonymous}
      - {type: image, source: a, target: /image}
      - {type: image, source: "rootfs:./image", target: /part, image: {subpath: data/file}}
  c:
    image: host
    command: sleep 1000
    stop_grace_period: 0s
    depends_on: [a]
    volumes: [{type: volume, source: data, target: /deep, volume: {subpath: deep}}]
volumes: {data: {}, anonymous: {}}
`,
      'own/file': 'own\n',
    });
    makeImage();
    scenario.ok('up', '-d', 'a', 'b');
    expect(inside('b', 'cat', '/data/file', '/own/file', '/anonymous/file', '/part')).toBe(
      'of the image\nown\nown\nof the image',
    );
    expect(inside('b', 'cat', '/image/data/deep/er')).toBe('deeper');
    for (const path of ['/data/x', '/own/x', '/image/x']) {
      expect(scenario.run('exec', '-T', 'b', 'touch', path).stderr).toContain('Read-only file system');
    }
    scenario.ok('up', '-d', 'c');
    expect(inside('c', 'cat', '/deep/er')).toBe('deeper');
    // Whoever shares the volume turns the directory into a link: the next start finds it inside of the volume, or not.
    scenario.ok('stop', 'c');
    inside('a', 'sh', '-c', 'cd /data && ./../bin/busybox mv deep kept && ./../bin/busybox ln -s /etc deep');
    const start = scenario.run('start', 'c');
    expect(start.status).toBe(1);
    expect(start.stderr).toContain('the volume has no such path');
  });

  it('propagate, and are read-only all the way down, as asked', () => {
    scenario = new Scenario({
      'compose.yaml': `
services:
  a:
    image: host
    command: sleep 1000
    stop_grace_period: 0s
    volumes:
      - {type: bind, source: ./tree, target: /slave, bind: {propagation: rslave}}
      - {type: bind, source: ./tree, target: /ro, read_only: true}
      - {type: bind, source: ./tree, target: /writable, read_only: true, bind: {recursive: writable}}
      - {type: bind, source: ./tree, target: /flat, bind: {recursive: disabled}}
      - {type: tmpfs, target: /memory, tmpfs: {size: 1m, mode: 0o711}}
`,
    });
    const tree = join(scenario.directory, 'tree');
    mkdirSync(join(tree, 'below'), { recursive: true });
    mkdirSync(join(tree, 'later'));
    const run = (...words: string[]) => execFileSync(words[0] ?? '', words.slice(1));
    run('mount', '--bind', tree, tree);
    run('mount', '--make-shared', tree);
    run('mount', '-t', 'tmpfs', 'below', join(tree, 'below'));
    try {
      scenario.ok('up', '-d');
      run('mount', '-t', 'tmpfs', 'later', join(tree, 'later'));
      const options = (path: string) => {
        const line = inside('a', 'cat', '/proc/self/mountinfo')
          .split('\n')
          .findLast((each) => each.split(' ')[4] === path);
        return line?.split(' ')[5]?.split(',')[0];
      };
      expect(options('/slave/later')).toBe('rw');
      expect([options('/ro'), options('/ro/below')]).toEqual(['ro', 'ro']);
      expect([options('/writable'), options('/writable/below')]).toEqual(['ro', 'rw']);
      expect([options('/flat'), options('/flat/below')]).toEqual(['rw', undefined]);
      expect(statOf('a', '/memory')).toEqual(['/memory 711 0 0 directory']);
    } finally {
      scenario.run('down', '-t', '0');
      run('umount', '-R', tree);
    }
  });
});

describe('secrets and configs', () => {
  it('have the owner and mode asked for, and no secret is ever written to a disk', async () => {
    scenario = new Scenario(
      {
        'compose.yaml': `
services:
  a:
    image: host
    command: sh -c 'trap "exit 3" USR1; echo ready; while :; do sleep 1; done'
    stop_grace_period: 0s
    restart: always
    read_only: true
    user: "33"
    secrets:
      - {source: token, uid: "33", gid: "44", mode: 0400}
      - {source: file, target: /etc/file, uid: "33", mode: 0440}
      - plain
      - outside
    configs:
      - {source: text, target: /etc/text, uid: "33", gid: "44", mode: 0440}
secrets:
  token: {environment: TOKEN}
  file: {file: ./file}
  plain: {file: ./plain}
  outside: {external: true, name: elsewhere}
configs:
  text: {content: "of the project"}
`,
        file: 'of-a-file',
        plain: 'plain',
      },
      { TOKEN: 'never-on-disk-4711' },
    );
    const missing = scenario.run('up', '-d');
    expect(missing.stderr).toMatch(/secret "elsewhere": .*secrets\/elsewhere cannot be read: ENOENT/);
    mkdirSync(join(scenario.root, 'secrets'), { recursive: true });
    copyFileSync(join(scenario.directory, 'plain'), join(scenario.root, 'secrets/elsewhere'));
    scenario.ok('up', '-d');
    const expectFiles = () => {
      expect(statOf('a', '/run/secrets/token', '/etc/file', '/run/secrets/outside', '/etc/text')).toEqual([
        '/run/secrets/token 400 33 44 regular file',
        '/etc/file 440 33 0 regular file',
        '/run/secrets/outside 444 0 0 regular file',
        '/etc/text 440 33 44 regular file',
      ]);
      expect(inside('a', 'cat', '/run/secrets/token', '/etc/file', '/run/secrets/plain')).toBe(
        'never-on-disk-4711of-a-fileplain',
      );
    };
    expectFiles();
    expect(inside('a', 'cat', '/proc/mounts')).toMatch(
      /^tmpfs \/run\/secrets\/token tmpfs ro,nosuid,nodev,noexec/m,
    );
    const found = spawnSync('grep', ['-rl', 'never-on-disk-4711', scenario.root, '/run'], {
      encoding: 'utf8',
    });
    expect(found.stdout).toBe('');
    // The monitor starts it again, without any command.
    const birth = () => scenario.run('exec', '-T', 'a', 'sh', '-c', 'cut -d" " -f22 /proc/1/stat');
    const before = birth().stdout;
    await eventually('it can be asked to end', () => scenario.ok('logs', 'a').stdout.includes('ready'));
    scenario.ok('kill', '-s', 'USR1');
    await eventually('it runs again', () => {
      const { status, stdout } = birth();
      return status === 0 && stdout !== before;
    });
    expectFiles();
    scenario.ok('stop');
    delete scenario.environment.TOKEN;
    expect(scenario.run('start').stderr).toContain('environment variable TOKEN is not set');
    scenario.environment.TOKEN = 'another';
    scenario.write('file', 'changed');
    expect(scenario.ok('up', '-d', '--dry-run').stdout).toMatch(/secrets\.file|secrets\.token/);
    scenario.ok('up', '-d');
    expect(inside('a', 'cat', '/run/secrets/token', '/etc/file')).toBe('anotherchanged');
  });
});
