// Hooks and restart policies, seen from inside the containers and by the clock.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually, Scenario } from './scenario.ts';

let scenario: Scenario;

afterEach(async () => {
  for (const { Name, State } of scenario.ps()) if (State === 'running') scenario.run('kill', Name);
  scenario.run('kill');
  scenario.run('down', '-v', '-t', '0', '--remove-orphans');
  expect(await scenario.leftovers()).toEqual({});
  scenario.dispose();
});

const told = () => readFileSync(join(scenario.directory, 'told/all'), 'utf8').trim().split('\n');

describe('hooks', () => {
  const compose = (more = '') => `
services:
  db:
    image: host
    command: ["sh", "-c", "echo db >> /told/all; sleep 1000"]
    stop_grace_period: 0s
    user: "0"
    scale: 2
    environment: {A: from-the-service}
    volumes: [./told:/told, kept:/kept]
    pre_start:
      - {command: [sh, -c, "echo once $$A $$B >> /told/all; echo x >> /kept/once"], environment: {B: of-the-hook}}
      - {command: [sh, -c, "echo each >> /told/all"], per_replica: true, user: "0"}
    post_start:
      - {command: [sh, -c, "echo post $$(id -u) $$(pwd) $$C >> /told/all"], user: "33:0", working_dir: /tmp, environment: {C: c}}
    pre_stop:
      - {command: [sh, -c, "echo stop >> /told/all"]}
${more}
  web:
    image: host
    command: ["sh", "-c", "echo web >> /told/all; sleep 1000"]
    stop_grace_period: 0s
    depends_on: [db]
    volumes: [./told:/told]
volumes: {kept: {}}
`;

  it('run before the start, after it and before the stop; what depends on the service waits for them', async () => {
    scenario = new Scenario({ 'compose.yaml': compose(), 'told/all': '' });
    scenario.ok('exec', '--help');
    const { chmodSync } = process.getBuiltinModule('node:fs');
    chmodSync(join(scenario.directory, 'told/all'), 0o666);
    scenario.ok('up', '-d');
    // What runs in the containers comes to its first line in its own time, hooks are awaited.
    const tell = (count: number) => eventually(`${count} lines`, () => told().length >= count);
    await tell(8);
    const lines = told();
    expect(lines.toSorted()).toEqual(
      [
        'once from-the-service of-the-hook',
        'each',
        'each',
        'db',
        'db',
        'post 33 /tmp c',
        'post 33 /tmp c',
        'web',
      ].toSorted(),
    );
    expect(lines[0]).toBe('once from-the-service of-the-hook');
    expect(lines.indexOf('web')).toBeGreaterThan(lines.lastIndexOf('post 33 /tmp c'));
    expect(scenario.ps()).toHaveLength(3);
    // Nothing to do, and a replica more: what is done once was done.
    scenario.ok('up', '-d');
    scenario.ok('up', '-d', '--scale', 'db=3');
    await tell(11);
    const [pre, ...others] = told().slice(lines.length);
    expect([pre, ...others.toSorted()]).toEqual(['each', 'db', 'post 33 /tmp c']);
    expect(scenario.ok('exec', '-T', 'db', 'cat', '/kept/once').stdout).toBe('x\n');
    const before = told().length;
    scenario.ok('restart', 'db');
    const after = told().slice(before);
    expect(after.filter((line) => line === 'stop')).toHaveLength(3);
    expect(after.filter((line) => line.startsWith('post'))).toHaveLength(3);
    // The last thing that the containers themselves have to tell.
    await tell(before + 9);
    scenario.ok('down');
    expect(told().slice(-3)).toEqual(['stop', 'stop', 'stop']);
  });

  it('that fail stop the plan: before the start nothing starts and the container stays to be looked at', () => {
    scenario = new Scenario({
      'compose.yaml': `
services:
  a:
    image: host
    command: sleep 1000
    stop_grace_period: 0s
    pre_start: [{command: [sh, -c, "echo broken; exit 7"]}]
    post_start: [{command: [sh, -c, "echo too late >&2; exit 8"]}]
    pre_stop: [{command: [sh, -c, "exit 9"]}]
`,
    });
    const first = scenario.run('up', '-d');
    expect(first.status).toBe(1);
    expect(first.stderr).toContain('project-a-1-pre_start-1 exited (7)');
    expect(scenario.container('project-a-1').State).toBe('created');
    expect(scenario.container('project-a-1-pre_start-1').State).toBe('exited');
    scenario.write(
      'compose.yaml',
      readFileSync(join(scenario.directory, 'compose.yaml'), 'utf8').replace('exit 7', 'exit 0'),
    );
    const second = scenario.run('up', '-d');
    expect(second.stderr).toContain('post_start hook 1 of project-a-1');
    expect(second.stderr).toContain('it printed: too late');
    expect(scenario.ps().map(({ Name, State }) => [Name, State])).toEqual([['project-a-1', 'running']]);
    const stop = scenario.run('stop');
    expect([stop.status, stop.stderr]).toEqual([
      1,
      expect.stringMatching(/pre_stop hook 1 of project-a-1 .* exited 9/),
    ]);
    expect(scenario.container('project-a-1').State).toBe('running');
    scenario.ok('kill');
    scenario.ok('down');
  });

  it('run after the start of a one-off, too, beside those of what it depends on', async () => {
    scenario = new Scenario({
      'compose.yaml': `
services:
  db:
    image: host
    command: sleep 1000
    stop_grace_period: 0s
    pre_start: [{command: [sh, -c, "echo prepared"]}]
  web:
    image: host
    user: "0"
    depends_on: [db]
    volumes: [./told:/told]
    pre_start: [{command: [sh, -c, "echo never >> /told/all"]}]
    post_start: [{command: [sh, -c, "sleep 0.3; echo hook >> /told/all"]}]
`,
      'told/all': '',
    });
    const script = 'until grep -q hook /told/all; do sleep 0.05; done; echo ran';
    expect(scenario.ok('run', '--rm', '-T', 'web', 'sh', '-c', script).stdout).toBe('ran\n');
    expect(told()).toEqual(['hook']);
    expect(scenario.ok('run', '-d', 'web', 'sleep', '1000').stdout).toMatch(/^[0-9a-f]{64}\n$/);
    expect(told()).toEqual(['hook', 'hook']);
    // The command's output has ended, ours has not: what the caller reads from is a socket that could be shut down.
    const wait = 'exec >&- 2>&-; until test -e /told/end; do sleep 0.05; done; exit 4';
    const closing = scenario.start(['run', '--rm', '-T', 'web', 'sh', '-c', wait]);
    const closed = once(closing, 'close');
    let stderr = '';
    closing.stderr?.on('data', (chunk) => {
      stderr += chunk;
    });
    await eventually('the hook has run', () => stderr.includes('Ran post_start'));
    scenario.write('told/end', '');
    expect(await closed).toEqual([4, null]);
    // What it prepares for is over already.
    expect(scenario.run('run', '--rm', '-T', 'web', 'sh', '-c', 'exit 3').status).toBe(3);
  });

  it('of a one-off that fail are told, and nobody is attached any more', () => {
    scenario = new Scenario({
      'compose.yaml': `
services:
  web:
    image: host
    post_start: [{command: [sh, -c, "echo broken; exit 9"]}]
`,
    });
    const failed = scenario.run('run', '-T', 'web', 'sleep', '1000');
    expect([failed.status, failed.stderr]).toEqual([
      1,
      expect.stringMatching(/post_start hook 1 .* exited 9/),
    ]);
  });
});

describe('deploy.restart_policy', () => {
  it('waits as long as it says, and counts only what ended within the window', async () => {
    scenario = new Scenario({
      'compose.yaml': `
services:
  quick:
    image: host
    command: ["sh", "-c", "date +%s%N >> /told/quick; exit 1"]
    volumes: [./told:/told]
    deploy: {restart_policy: {condition: any, delay: 700ms, max_attempts: 2}}
  steady:
    image: host
    command: ["sh", "-c", "date +%s%N >> /told/steady; n=$$(wc -l < /told/steady); [ $$n -gt 3 ] || sleep 0.6; exit 1"]
    volumes: [./told:/told]
    deploy: {restart_policy: {condition: on-failure, delay: 0s, max_attempts: 1, window: 400ms}}
`,
      'told/quick': '',
      'told/steady': '',
    });
    scenario.ok('up', '-d');
    await eventually('both have given up', () =>
      scenario.ps().every(({ State }) => State === 'exited') ? true : undefined,
    );
    const starts = (name: string) =>
      readFileSync(join(scenario.directory, 'told', name), 'utf8')
        .trim()
        .split('\n')
        .map((text) => Number(text) / 1e6);
    const gaps = starts('quick')
      .map((at, index, all) => at - (all[index - 1] ?? at))
      .slice(1);
    expect(gaps).toHaveLength(2);
    for (const gap of gaps) expect(gap).toBeGreaterThanOrEqual(690);
    // Three runs longer than the window do not count; the fourth does, and is the last, unless it took that long, too.
    const events = scenario.ok('events', '--json', '--since', '1h', '--until', '0s', 'steady').stdout;
    const lives = events
      .split('\n')
      .filter((line) => line.includes('"start"'))
      .map((line) => Date.parse((JSON.parse(line) as { time: string }).time));
    expect(lives).toHaveLength(starts('steady').length);
    expect(lives.length).toBeGreaterThanOrEqual(4);
    for (const [index, at] of lives.slice(1).entries())
      expect(at - (lives[index] ?? at)).toBeGreaterThanOrEqual(390);
  });
});
