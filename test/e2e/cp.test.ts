// cp: what arrives where, as whom; and that nothing a container does leads out of it.

import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually, executable, Scenario } from './scenario.ts';

const compose = `
services:
  box:
    image: host
    init: true
    command: |
      sh -c 'mkdir -p /data/sub && echo hello > /data/sub/file && chown -R 1000:1000 /data && chmod 4755 /data/sub/file
      ln -s /etc/passwd /data/link; ln -s sub /data/dirlink; ln -s / /data/root; exec sleep 600'
    tmpfs: [/scratch]
    volumes: ["vol:/vol", "./shared:/shared:ro"]
  frozen:
    image: host
    init: true
    read_only: true
    tmpfs: [/tmp]
    command: sleep 600
  pair:
    image: host
    init: true
    scale: 2
    command: sleep 600
volumes: {vol: {}}
`;

let scenario: Scenario;

beforeEach(() => {
  scenario = new Scenario({ 'compose.yaml': compose, 'shared/here': 'from the host\n', one: 'one\n' });
});

afterEach(async () => {
  scenario.run('down', '-v', '--remove-orphans', '-t', '0');
  expect(await scenario.leftovers()).toEqual({});
  scenario.dispose();
});

const here = (...parts: string[]) => join(scenario.directory, ...parts);
const read = (...parts: string[]) => readFileSync(here(...parts), 'utf8');
const inside = (service: string, script: string) =>
  scenario.ok('exec', '-T', service, 'sh', '-c', script).stdout;

/** A container is up and has made its files. */
function up(service: string): void {
  scenario.ok('up', '-d', service);
  inside(service, 'while [ ! -e /data/root ] && [ -w / ] && [ -d /vol ]; do sleep 0.1; done');
}

describe('cp from a container', () => {
  it("names and places things as docker cp does, and makes them the caller's", () => {
    up('box');
    scenario.ok('cp', 'box:/data', 'copy');
    expect(read('copy/sub/file')).toBe('hello\n');
    expect(readlinkSync(here('copy/link'))).toBe('/etc/passwd');
    const { gid, mode, uid } = statSync(here('copy/sub/file'));
    expect([uid, gid, mode & 0o7777]).toEqual([0, 0, 0o755]);
    scenario.ok('cp', 'box:/data', 'copy');
    expect(read('copy/data/sub/file')).toBe('hello\n');
    scenario.ok('cp', 'box:data/.', 'members');
    expect(readdirSync(here('members')).sort()).toEqual(['dirlink', 'link', 'root', 'sub']);
    scenario.ok('cp', 'box:/data/dirlink', 'copy');
    expect(readlinkSync(here('copy/dirlink'))).toBe('sub');
    scenario.ok('cp', 'box:/data/dirlink/', 'followed');
    expect(read('followed/file')).toBe('hello\n');
    scenario.ok('cp', '-L', 'box:/data/link', 'passwd');
    expect(read('passwd')).toBe(inside('box', 'cat /etc/passwd'));
    scenario.ok('cp', '-a', 'box:/data/sub/file', 'kept');
    const kept = statSync(here('kept'));
    expect([kept.uid, kept.gid, kept.mode & 0o7777]).toEqual([1000, 1000, 0o4755]);
  });

  it('writes a tar to standard output', () => {
    up('box');
    const line = `${process.execPath} ${executable} cp box:/data - | tar t | sort`;
    const listed = execFileSync('sh', ['-c', line], {
      cwd: scenario.directory,
      env: scenario.environment,
      encoding: 'utf8',
    });
    expect(listed.split('\n').filter(Boolean)).toEqual(
      ['data/', 'data/dirlink', 'data/link', 'data/root', 'data/sub/', 'data/sub/file'].sort(),
    );
  });

  it('changes nothing outside of the destination, whatever the tree holds', () => {
    up('box');
    mkdirSync(here('target'));
    mkdirSync(here('precious'));
    writeFileSync(here('precious/file'), 'precious\n');
    // A link in the way of a directory is not gone through; device nodes stay inside.
    symlinkSync(here('precious'), here('target/sub'));
    expect(scenario.run('cp', 'box:/data/.', 'target').status).toBe(1);
    expect(read('precious/file')).toBe('precious\n');
    inside('box', 'mkdir /nodes && mknod /nodes/null c 1 3');
    const refused = scenario.run('cp', 'box:/nodes', 'nodes');
    expect(refused.status).toBe(1);
    expect(existsSync(here('nodes/null'))).toBe(false);
  });
});

describe('cp to a container', () => {
  it("goes through its mounts, makes things root's and refuses what is read-only", () => {
    up('box');
    for (const target of ['/scratch/', '/vol/new', '/tmp', '/data/root/tmp/via-link'])
      scenario.ok('cp', 'one', `box:${target}`);
    expect(inside('box', 'cat /scratch/one /vol/new /tmp/one /tmp/via-link')).toBe('one\n'.repeat(4));
    mkdirSync(here('tree/sub'), { recursive: true });
    writeFileSync(here('tree/sub/suid'), '');
    execFileSync('sh', ['-c', 'chown -R 1000:1000 tree; chmod 4755 tree/sub/suid'], {
      cwd: scenario.directory,
    });
    scenario.ok('cp', 'tree', 'box:/tmp/made');
    expect(inside('box', 'stat -c "%u %a" /tmp/made/sub/suid')).toBe('0 755\n');
    scenario.ok('cp', '-a', 'tree/.', 'box:/tmp/made');
    expect(inside('box', 'stat -c "%u %a" /tmp/made/sub/suid')).toBe('1000 4755\n');
    // What was there keeps its owner.
    expect(inside('box', 'stat -c %u /tmp/made/sub')).toBe('0\n');
    const shared = scenario.run('cp', 'one', 'box:/shared/one');
    expect(shared.stderr).toContain('read-only');
    expect(readdirSync(here('shared'))).toEqual(['here']);
    scenario.ok('up', '-d', 'frozen');
    expect(scenario.run('cp', 'one', 'frozen:/etc/one').stderr).toContain('read-only');
    scenario.ok('cp', 'one', 'frozen:/tmp/one');
    expect(inside('frozen', 'cat /tmp/one')).toBe('one\n');
  });

  it('keeps what is in the way', () => {
    up('box');
    const refused = (source: string, target: string) =>
      expect(scenario.run('cp', source, target).status).toBe(1);
    refused('one', 'box:/nowhere/one');
    refused('one', 'box:/missing/');
    refused('shared', 'box:/etc/hosts');
    // A mounted file stays mounted.
    const before = inside('box', 'grep -c " /etc/hosts " /proc/self/mountinfo');
    refused('one', 'box:/etc/hosts');
    expect(inside('box', 'grep -c " /etc/hosts " /proc/self/mountinfo')).toBe(before);
    mkdirSync(here('odd/sub'), { recursive: true });
    writeFileSync(here('odd/sub/file'), 'new\n');
    writeFileSync(here('file'), '');
    inside('box', 'mkdir -p /tmp/odd/file && touch /tmp/odd/sub');
    refused('odd', 'box:/tmp');
    expect(inside('box', 'ls -F /tmp/odd')).toBe('file/\nsub\n');
    scenario.run('cp', 'file', 'box:/tmp/odd/');
    expect(inside('box', 'ls -F /tmp/odd')).toBe('file/\nsub\n');
  });

  it('takes a tar from standard input, to every replica, or to the one that is named', () => {
    scenario.ok('up', '-d', 'pair');
    scenario.ok('cp', 'one', 'pair:/tmp');
    for (const index of ['1', '2']) {
      expect(scenario.ok('exec', '-T', '--index', index, 'pair', 'cat', '/tmp/one').stdout).toBe('one\n');
    }
    const archive = execFileSync('tar', ['c', 'one'], { cwd: scenario.directory });
    const feed = (input: Buffer, ...args: string[]) =>
      spawnSync(process.execPath, [executable, 'cp', ...args], {
        cwd: scenario.directory,
        env: scenario.environment,
        input,
        encoding: 'utf8',
      });
    expect(feed(archive, '-', 'pair:/mnt').status).toBe(2);
    expect(feed(archive, '--index', '2', '-', 'pair:/mnt').status).toBe(0);
    expect(scenario.ok('exec', '-T', '--index', '2', 'pair', 'cat', '/mnt/one').stdout).toBe('one\n');
    expect(scenario.run('exec', '-T', '--index', '1', 'pair', 'cat', '/mnt/one').status).not.toBe(0);
    expect(feed(Buffer.from('no tar at all'.repeat(100)), '--index', '2', '-', 'pair:/mnt').status).toBe(1);
    expect(scenario.run('cp', 'one', 'two').status).toBe(2);
    expect(scenario.run('cp', 'pair:/a', 'box:/b').status).toBe(2);
  });

  it('works on a stopped container and in its volumes, and what never ran has still never run', () => {
    up('box');
    inside(
      'box',
      'mkdir /vol/sub; echo kept > /vol/sub/file; ln -s /etc/passwd /vol/out; ln -s /vol /data/tovol',
    );
    scenario.ok('stop', '-t', '0', 'box');
    scenario.ok('cp', 'one', 'box:/data/stopped');
    scenario.ok('cp', 'box:/data/sub/file', 'out');
    expect(read('out')).toBe('hello\n');
    // A volume, by its path and through a link onto it; a bind; what is there only while it runs.
    scenario.ok('cp', 'one', 'box:/vol/new');
    scenario.ok('cp', 'one', 'box:/data/tovol/sub/');
    scenario.ok('cp', 'box:/data/root/vol/sub/file', 'kept');
    expect(read('kept')).toBe('kept\n');
    scenario.ok('cp', 'box:/vol', 'whole');
    expect(read('whole/sub/one')).toBe('one\n');
    scenario.ok('cp', 'box:/shared/here', 'shared-copy');
    expect(read('shared-copy')).toBe('from the host\n');
    expect(scenario.run('cp', 'one', 'box:/shared/x').stderr).toContain('/shared is mounted read-only');
    expect(scenario.run('cp', 'one', 'box:/scratch/x').stderr).toContain('only while it runs');
    // A link in a volume leads nowhere outside of it.
    expect(scenario.run('cp', '-L', 'box:/vol/out', 'passwd').stderr).toContain('does not exist');
    expect(existsSync(here('passwd'))).toBe(false);
    scenario.ok('start', 'box');
    expect(inside('box', 'cat /data/stopped /vol/new /vol/sub/one; stat -c %u:%g /vol/new')).toBe(
      'one\none\none\n0:0\n',
    );
    scenario.ok('create', 'frozen');
    scenario.ok('cp', 'one', 'frozen:/etc/early');
    expect(scenario.container('project-frozen-1').State).toBe('created');
    scenario.ok('up', '-d', 'frozen');
    expect(inside('frozen', 'cat /etc/early')).toBe('one\n');
  });

  it('works between two lives of a container that does not come to run', async () => {
    scenario.write(
      'compose.yaml',
      "services: {crashing: {image: host, restart: always, command: sh -c 'test -e /mended && exec sleep 600; exit 1'}}",
    );
    scenario.ok('up', '-d');
    const isState = (wanted: string) => () => scenario.container('project-crashing-1').State === wanted;
    await eventually('it is between two lives', isState('restarting'));
    scenario.ok('cp', 'one', 'crashing:/mended');
    // And not a life that had begun before.
    const program = () => scenario.run('exec', '-T', 'crashing', 'cat', '/proc/1/comm').stdout;
    await eventually('it runs', () => program() === 'sleep\n');
    expect(scenario.container('project-crashing-1').State).toBe('running');
    expect(inside('crashing', 'cat /mended')).toBe('one\n');
  });
});

describe('cp under attack', () => {
  const spin = (path: string, inner: string, outer: string) =>
    `mkdir -p /race/real; cd /race; ln -sfn ${inner} real/link; (while :; do
      ln -sfn ${outer} next; mv -Tf next ${path}; rm -rf stage; cp -r real stage; mv -T stage ${path} 2>/dev/null
      rm -rf ${path}; cp -r real ${path} 2>/dev/null; done) >/dev/null 2>&1 &`;

  it('never reads from or writes to the host through links that change meanwhile', () => {
    up('box');
    // What the container's links say exists on the host only, under the same name.
    const secret = here('secret');
    mkdirSync(secret);
    writeFileSync(join(secret, 'file'), 'secret of the host\n');
    inside('box', `echo mine > /race-file; ${spin('/race/flip', '/race-file', secret)}`);
    const before = readdirSync(secret);
    for (let round = 0; round < 12; round += 1) {
      scenario.run('cp', 'box:/race', `taken-${round}`);
      scenario.run('cp', '-L', 'box:/race/flip', `followed-${round}`);
      scenario.run('cp', 'box:/race/flip/file', `direct-${round}`);
      scenario.run('cp', 'one', 'box:/race/flip');
      scenario.run('cp', 'shared', 'box:/race/flip/');
    }
    expect(readdirSync(secret)).toEqual(before);
    const found = spawnSync('grep', ['-rl', 'secret of the host', '.'], {
      cwd: scenario.directory,
      encoding: 'utf8',
    });
    expect(found.stdout.trim()).toBe('./secret/file');
    expect(lstatSync(here('one')).isFile()).toBe(true);
  }, 180_000);
});
