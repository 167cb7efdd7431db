// What can go wrong while something is built, and what is left of it.

import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually, Scenario } from './scenario.ts';

const base = `FROM scratch
COPY busybox /bin/busybox
RUN ["/bin/busybox", "--install", "-s", "/bin"]
ENV PATH=/bin
`;

let scenario: Scenario;

beforeEach(() => {
  scenario = new Scenario({ 'compose.yaml': 'services:\n  web: {build: .}\n', Dockerfile: base });
  copyFileSync('/bin/busybox', join(scenario.directory, 'busybox'));
});

afterEach(async () => {
  expect(await scenario.leftovers()).toEqual({});
  scenario.dispose();
});

const path = (name: string) => join(scenario.directory, name);

describe('a context of very many files that are ignored', () => {
  /** Listing a directory leaves a time on it, if that is older than the last change. */
  const forget = (directory: string) => utimesSync(directory, 0, statSync(directory).mtime);
  const wasListed = (directory: string) => statSync(directory).atimeMs > 0;

  it('is not even looked into', () => {
    const ignored = path('node_modules/deep');
    mkdirSync(ignored, { recursive: true });
    execFileSync('sh', ['-c', 'seq 120000 | xargs touch'], { cwd: ignored });
    mkdirSync(path('seen'));
    scenario.write('seen/file', 'x');
    scenario.write('.dockerignore', 'node_modules\n');
    scenario.write('Dockerfile', `${base}COPY . /all\nRUN find /all | sort > /list && cat /list\n`);
    const directories = [ignored, path('node_modules'), path('seen')];
    directories.forEach(forget);
    const { stderr } = scenario.ok('build');
    expect(stderr).toContain('/all/seen/file');
    expect(stderr).not.toContain('/all/node_modules');
    expect(directories.map(wasListed)).toEqual([false, false, true]);
  });
});

describe('a disk that is full', () => {
  const fill = (size: string) => {
    mkdirSync(scenario.root);
    expect(spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'small', scenario.root]).status).toBe(0);
  };

  /** Processes of the last step may be about to end, and have files of it open. */
  afterEach(() => eventually('it is unmounted', () => spawnSync('umount', [scenario.root]).status === 0));

  it('ends a step that copies, says so, and is the only thing that has to be mended', () => {
    fill('16m');
    scenario.ok('build');
    execFileSync('dd', ['if=/dev/urandom', `of=${path('large')}`, 'bs=1M', 'count=24', 'status=none']);
    scenario.write('Dockerfile', `${base}COPY large /large\n`);
    const { status, stderr } = scenario.run('build');
    expect(status).toBe(1);
    expect(stderr).toMatch(/no space|is full/i);
    expect(stderr).not.toContain('defect of tcompose');
    expect(readdirSync(join(scenario.root, 'layers/staging'))).toEqual([]);
    spawnSync('mount', ['-o', 'remount,size=200m', scenario.root]);
    scenario.ok('build');
    expect(scenario.ok('system', 'check').stdout).toContain('agree');
  });

  it('fails a command that writes', () => {
    fill('16m');
    scenario.write('Dockerfile', `${base}RUN dd if=/dev/zero of=/large bs=1M count=64\n`);
    const { status, stderr } = scenario.run('build');
    expect(status).toBe(1);
    expect(stderr).toContain('Dockerfile:5:1');
    expect(stderr).toMatch(/the command ended with exit code 1|the disk of .* is full/);
    expect(stderr).not.toContain('defect of tcompose');
    spawnSync('mount', ['-o', 'remount,size=400m', scenario.root]);
    scenario.ok('build');
    expect(readdirSync(join(scenario.root, 'containers'))).toEqual([]);
  });
});

describe('mistakes', () => {
  it('of a Dockerfile are told before anything runs', () => {
    for (const [text, why] of [
      ['FROM scratch AS a\nCOPY --from=b /x /x\nFROM scratch AS b\n', 'defined after it'],
      [
        'FROM scratch AS a\nCOPY --from=b / /\nFROM scratch AS b\nRUN --mount=from=a,target=/x true\n',
        'need each other',
      ],
      ['FROM scratch\nCOPPY x /x\n', 'did you mean COPY?'],
    ]) {
      scenario.write('Dockerfile', text ?? '');
      const { status, stderr } = scenario.run('build');
      expect(status).toBe(1);
      expect(stderr).toContain(why);
      expect(scenario.list('layers').filter((name) => /^[0-9a-f]{64}$/.test(name))).toEqual([]);
    }
  });

  it('of the context fail their step, and name it', () => {
    execFileSync('ln', ['-s', '/etc/passwd', path('leads-out')]);
    for (const [line, why] of [
      ['COPY nothing /x', 'nothing is not in the build context'],
      ['COPY leads-out /x', 'leads-out is not in the build context'],
      ['RUN --mount=type=secret,id=gone,required true', 'the secret "gone" is required'],
      ['RUN exit 3', 'exit code 3'],
    ]) {
      scenario.write('Dockerfile', `${base}${line}\n`);
      const { status, stderr } = scenario.run('build');
      expect(status).toBe(1);
      expect(stderr).toContain(why);
      expect(stderr).toContain('Dockerfile:5:1');
    }
  });
});
