// build and `up` with a `build:`, as a user runs them.

import { once } from 'node:events';
import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stepsOf } from './build-steps.ts';
import { findProcesses } from './host-state.ts';
import { eventually, Scenario } from './scenario.ts';

const compose = `
services:
  base:
    image: e2e-base
    build: {context: base, dockerfile: Dockerfile}
    command: "true"
  web:
    build:
      context: .
      additional_contexts: {e2e-base: "service:base"}
      args: {GREETING: "hello"}
    command: cat /greeting
`;

const base = `FROM scratch
COPY busybox /bin/busybox
RUN ["/bin/busybox", "--install", "-s", "/bin"]
ENV PATH=/bin
`;

const web = `FROM e2e-base
ARG GREETING
RUN echo "$GREETING" > /first
COPY a.txt /a
RUN cat /first /a > /greeting
COPY b.txt /b
`;

let scenario: Scenario;

beforeEach(() => {
  scenario = new Scenario({ 'compose.yaml': compose, Dockerfile: web, 'a.txt': 'from a\n', 'b.txt': 'b' });
  scenario.write('base/Dockerfile', base);
  copyFileSync('/bin/busybox', join(scenario.directory, 'base/busybox'));
});

/** Whatever happened: no process, link, mount, cgroup or container directory. */
afterEach(async () => {
  scenario.run('down', '-v', '-t', '1');
  expect(await scenario.leftovers()).toEqual({});
  scenario.dispose();
});

describe('build', () => {
  it('stacks as many layers on a kernel that takes them only all at once', () => {
    // Names of directories in one string: 255 bytes hold 14 of them, a page 240.
    scenario.environment.TCOMPOSE_DISABLE = 'lowerdir+';
    const numbers = Array.from({ length: 40 }, (_, n) => n);
    const steps = numbers.map((n) => `COPY a.txt /d${n}/a\n`).join('');
    scenario.write(
      'Dockerfile',
      `FROM e2e-base AS many\n${steps}FROM e2e-base\nCOPY --from=many /d3 /d39 /got/\nCOPY --from=many / /all/\nRUN cat /all/d*/a > /greeting\n`,
    );
    scenario.ok('build');
    const { stdout } = scenario.ok('run', '--rm', '-T', 'web');
    expect(stdout).toBe('from a\n'.repeat(40));
  });

  it('runs each step once, and then only what changed', () => {
    const first = stepsOf(scenario.ok('build').stderr);
    expect(first.cached).toEqual([]);
    expect(first.ran).toHaveLength(6);
    const second = stepsOf(scenario.ok('build').stderr);
    expect(second.ran).toEqual([]);
    expect(second.cached).toHaveLength(6);
    scenario.write('b.txt', 'changed');
    expect(stepsOf(scenario.ok('build').stderr).ran).toEqual(['COPY b.txt /b']);
    scenario.write('a.txt', 'changed\n');
    expect(stepsOf(scenario.ok('build', 'web').stderr).ran).toEqual([
      'COPY a.txt /a',
      'RUN cat /first /a > /greeting',
      'COPY b.txt /b',
    ]);
  });

  it('does not look at times, and does look at modes', () => {
    scenario.ok('build');
    scenario.write('b.txt', 'b');
    expect(stepsOf(scenario.ok('build').stderr).ran).toEqual([]);
    scenario.write('Dockerfile', web.replace('COPY b.txt', 'COPY --chmod=600 b.txt'));
    expect(stepsOf(scenario.ok('build').stderr).ran).toEqual(['COPY --chmod=600 b.txt /b']);
  });

  it('runs everything again with --no-cache, and takes arguments', () => {
    scenario.ok('build');
    expect(stepsOf(scenario.ok('build', '--no-cache', 'base').stderr).ran).toHaveLength(2);
    const changed = stepsOf(scenario.ok('build', '--build-arg', 'GREETING=other', 'web').stderr).ran;
    expect(changed).toContain('RUN echo "$GREETING" > /first');
  });

  it('shows all that a failing command printed, and its line', () => {
    scenario.write('Dockerfile', 'FROM e2e-base\nRUN echo one && \\\n  echo two >&2 && exit 7\n');
    const { status, stderr } = scenario.run('build');
    expect(status).toBe(1);
    expect(stderr).toMatch(/^Dockerfile:2:1: error: .*exit code 7$/m);
    expect(stderr).toContain('  > one\n  > two\n');
  });

  it('refuses a bad Dockerfile before anything runs', () => {
    scenario.write('Dockerfile', `${web}COPPY x y\n`);
    const { status, stderr } = scenario.run('build');
    expect(status).toBe(1);
    expect(stderr).toContain('did you mean COPY?');
    expect(stepsOf(stderr).ran).toEqual([]);
  });

  it('checks without building', () => {
    scenario.write('Dockerfile', 'FROM e2e-base AS Upper\nCMD x\n');
    const { status, stderr, stdout } = scenario.run('build', '--check', 'web');
    expect(status).toBe(1);
    expect(stdout).toBe('Check complete, 2 warnings found.\n');
    expect(stderr).toContain('Dockerfile:1:1: warning: StageNameCasing');
    expect(stderr).toContain('Dockerfile:2:1: warning: JSONArgsRecommended');
  });

  it('gives steps a network of their own, which goes with the build', () => {
    scenario.write('Dockerfile', 'FROM e2e-base\nRUN ip -o -4 addr show dev eth0 && cat /etc/resolv.conf\n');
    expect(scenario.ok('build').stderr).toMatch(/inet \d+\.\d+\.\d+\.\d+\/22/);
    expect(scenario.list('networks')).toEqual([]);
  });

  it('makes the same image again with SOURCE_DATE_EPOCH', () => {
    const id = () => {
      const lines = scenario.ok(
        '--progress',
        'json',
        'build',
        '--no-cache',
        '--build-arg',
        'SOURCE_DATE_EPOCH=1',
      ).stderr;
      const built = lines.split('\n').flatMap((line) => (line.includes('"built"') ? [JSON.parse(line)] : []));
      return built.find(({ build }) => build === 'web').imageId as string;
    };
    expect(id()).toBe(id());
  });
});

describe('up', () => {
  it('builds what is missing, and with --build what has changed', async () => {
    scenario.ok('up', '-d', 'web');
    await eventually('it has run', () =>
      scenario.ok('logs', '--no-log-prefix', 'web').stdout.includes('from a'),
    );
    expect(stepsOf(scenario.ok('up', '-d', 'web').stderr)).toEqual({ ran: [], cached: [] });
    scenario.write('a.txt', 'from a new a\n');
    expect(stepsOf(scenario.ok('up', '-d', 'web').stderr).ran).toEqual([]);
    expect(scenario.ok('up', '-d', '--build', 'web').stderr).toContain('Recreated');
    await eventually('the new image runs', () =>
      scenario.ok('logs', '--no-log-prefix', 'web').stdout.includes('new a'),
    );
  });

  it('tells when a source is newer than the image, and no more when it was built', () => {
    scenario.ok('build');
    expect(scenario.ok('up', '-d', 'web').stderr).not.toContain('newer than the image');
    scenario.write('.dockerignore', 'notes\n');
    scenario.write('notes', 'nothing that is copied');
    scenario.ok('build');
    scenario.write('notes', 'again');
    expect(scenario.ok('up', '-d', 'web').stderr).not.toContain('newer than the image');
    scenario.write('a.txt', 'changed\n');
    expect(scenario.ok('up', '-d', 'web').stderr).toContain('web: a.txt is newer than the image');
    expect(scenario.ok('up', '-d', '--build', 'web').stderr).not.toContain('newer than the image');
  });

  it('is done by run too, where it is missing, and with --build', () => {
    expect(scenario.ok('run', '--rm', '-T', 'web').stdout).toContain('from a');
    scenario.write('a.txt', 'from a new a\n');
    expect(scenario.ok('run', '--rm', '-T', 'web').stdout).not.toContain('new a');
    expect(scenario.ok('run', '--rm', '-T', '--build', 'web').stdout).toContain('new a');
  });

  it('does not build with --no-build', () => {
    const { status, stderr } = scenario.run('up', '-d', '--no-build');
    expect(status).toBe(1);
    expect(stderr).toContain('--no-build forbids to build it');
  });
});

describe('a build that is ended', () => {
  const sleeping = 'FROM e2e-base\nRUN echo begun && sleep 300\n';

  async function begin() {
    scenario.ok('build', 'base');
    scenario.write('Dockerfile', sleeping);
    const child = scenario.start(['build', 'web'], { stdio: ['ignore', 'ignore', 'pipe'] });
    let text = '';
    child.stderr?.on('data', (chunk) => {
      text += chunk;
    });
    // What it prints, not the title of the step.
    await eventually('the command runs', () => / begun$/m.test(text));
    return child;
  }

  it('by the user leaves nothing', async () => {
    const child = await begin();
    child.kill('SIGINT');
    const [code] = await once(child, 'exit');
    expect(code).toBe(130);
    expect(scenario.list('containers')).toEqual([]);
    expect(scenario.list('networks')).toEqual([]);
  });

  it('by kill -9 takes its command along, and the next build removes the rest', async () => {
    const child = await begin();
    const [directory = ''] = readdirSync(join(scenario.root, 'containers'));
    expect(directory).toMatch(/^\.building-/);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const id = directory.slice('.building-'.length);
    await eventually('command and monitor are dead', () => findProcesses(id).length === 0);
    scenario.write('Dockerfile', web);
    scenario.ok('build');
    expect(readdirSync(join(scenario.root, 'containers'))).toEqual([]);
    expect(scenario.list('networks')).toEqual([]);
    expect(scenario.ok('system', 'check').stdout).toContain('agree');
  });

  it('by kill -9 while a step was being written down, too', () => {
    scenario.ok('build', 'base');
    const half = join(scenario.root, 'containers', `.building-${'b'.repeat(64)}`);
    mkdirSync(half);
    writeFileSync(join(half, 'builder'), '');
    writeFileSync(join(half, 'monitor.json'), '{"v":1,"cgroup":{"procs":"/sys/fs/cg');
    scenario.ok('build', 'web');
    expect(readdirSync(join(scenario.root, 'containers'))).toEqual([]);
  });
});

describe('two builds at once', () => {
  it('share what one of them makes', async () => {
    scenario.ok('build', 'base');
    scenario.write('Dockerfile', 'FROM e2e-base\nRUN sleep 2 && cat /proc/sys/kernel/random/uuid > /id\n');
    const runs = [1, 2].map(async () => {
      const child = scenario.start(['build', 'web'], { stdio: ['ignore', 'ignore', 'pipe'] });
      let text = '';
      child.stderr?.on('data', (chunk) => {
        text += chunk;
      });
      const [code] = await once(child, 'close');
      return { code, ...stepsOf(text) };
    });
    const results = await Promise.all(runs);
    expect(results.map(({ code }) => code)).toEqual([0, 0]);
    expect(results.flatMap(({ ran }) => ran).filter((title) => title.startsWith('RUN sleep'))).toHaveLength(
      1,
    );
  });
});
