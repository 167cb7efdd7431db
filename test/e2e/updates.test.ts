// Rolling updates as those see them who use the published port meanwhile: nothing is lost, whether the new version is
// good or not; and as the containers see them: in which order and when they start and stop.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually, type Outcome, Scenario } from './scenario.ts';

const PORT = 18_493;

/** Answers with its version. Asked to end, it lets go of each connection with the next answer, as servers should. */
const server = `
import { createServer } from 'node:http';
import { Server } from 'node:net';
import { appendFileSync, existsSync } from 'node:fs';
const { VERSION = '1', KIND = 'good' } = process.env;
const note = (what) => appendFileSync('/shared/events', [Date.now(), what, VERSION, process.env.HOSTNAME].join(' ') + '\\n');
note('start');
let closing = false;
const server = createServer((request, response) => {
  if (request.url === '/health') response.statusCode = KIND === 'sick' ? 500 : 200;
  if (request.url === '/health' && KIND === 'sick') console.log('feeling sick');
  if (request.url === '/held') {
    note('held');
    const timer = setInterval(() => {
      if (!existsSync('/shared/go')) return;
      clearInterval(timer);
      response.end(VERSION);
    }, 50);
    return;
  }
  const [, delay = 0] = request.url.split('slow=');
  setTimeout(() => {
    if (closing) response.setHeader('Connection', 'close');
    response.end(VERSION);
  }, Number(delay));
});
if (KIND === 'exits') { console.log('no luck today'); process.exit(3); }
if (KIND === 'late') setTimeout(() => process.exit(4), 700);
server.keepAliveTimeout = 60_000;
server.listen(80, '0.0.0.0');
process.on('SIGTERM', () => {
  note('stop');
  closing = true;
  Server.prototype.close.call(server, () => process.exit(0));
});
`;

/** Without a program that takes its time to start: replicas are probed often. */
const probe = String.raw`exec 3<>/dev/tcp/127.0.0.1/80 && printf 'GET /health HTTP/1.0\r\n\r\n' >&3 && grep -q ' 200 ' <&3`;

interface Wish {
  readonly version: string;
  readonly kind?: 'good' | 'sick' | 'exits' | 'late';
  readonly scale?: number;
  readonly grace?: string;
  readonly update?: string;
  readonly rollback?: string;
  readonly more?: string;
}

const compose = ({ grace = '4s', kind = 'good', more = '', rollback, scale = 2, update, version }: Wish) => `
services:
  web:
    image: host
    command: node /srv/server.mjs
    volumes: [".:/srv:ro", "./shared:/shared"]
    environment: {VERSION: "${version}", KIND: ${kind}}
    ports: ["${PORT}:80"]
    scale: ${scale}
    stop_grace_period: ${grace}
    healthcheck:
      test: ["CMD", "bash", "-c", ${JSON.stringify(probe)}]
      start_period: 1s
      start_interval: 300ms
      interval: 1s
      retries: 2
    deploy:
      update_config: {${update ?? 'order: start-first, monitor: 1s'}}
      ${rollback === undefined ? '' : `rollback_config: {${rollback}}`}
${more}`;

let scenario: Scenario;

function start(wish: Wish): void {
  scenario = new Scenario({ 'compose.yaml': compose(wish), 'server.mjs': server, 'shared/events': '' });
  scenario.ok('up', '-d', '--wait');
}

function write(wish: Wish): void {
  scenario.write('compose.yaml', compose(wish));
}

/** The load has to go on: this process must not wait for the command. */
async function up(...flags: string[]): Promise<Outcome> {
  const child = scenario.start(['up', '-d', ...flags], { stdio: ['ignore', 'pipe', 'pipe'] });
  return collect(child);
}

async function collect(child: ChildProcess): Promise<Outcome> {
  let [stdout, stderr] = ['', ''];
  child.stdout?.on('data', (data) => {
    stdout += data;
  });
  child.stderr?.on('data', (data) => {
    stderr += data;
  });
  const [status, signal] = await once(child, 'close');
  return { status, signal, stdout, stderr };
}

interface LoadResult {
  readonly answered: Readonly<Record<string, number>>;
  /** Whatever is no whole answer: refused, reset, timed out, another status. */
  readonly failed: Readonly<Record<string, number>>;
}

interface LoadOptions {
  readonly from?: string;
  readonly port?: number;
  readonly host: string;
  readonly keepAlive: boolean;
  readonly count: number;
  readonly pause?: number;
  readonly workers?: number;
}

/**
 * A client of its own process: `workers` ask one after the other, `pause` milliseconds apart, until `count` requests are
 * made and the update that they are to witness is over; and then once more.
 */
class Load {
  readonly #child: ChildProcess;
  readonly #result: Promise<Outcome>;

  /** `from`: a service that has Node, to ask from the inside. Resolves when the first request is answered. */
  static async start(options: LoadOptions): Promise<Load> {
    const load = new Load(options);
    if (load.#child.stdout) await once(load.#child.stdout, 'data');
    return load;
  }

  private constructor({ from, ...options }: LoadOptions) {
    const args = ['-e', client, JSON.stringify({ port: PORT, ...options })];
    const stdio = ['pipe', 'pipe', 'pipe'] as const;
    this.#child =
      from === undefined
        ? spawn(process.execPath, args, { stdio: [...stdio] })
        : scenario.start(['exec', '-T', from, 'node', ...args], { stdio: [...stdio] });
    this.#result = collect(this.#child);
  }

  async finish(): Promise<LoadResult> {
    this.#child.stdin?.end();
    const { stderr, stdout } = await this.#result;
    if (stderr !== '') throw new Error(stderr);
    return JSON.parse(stdout.split('\n')[1] ?? '');
  }
}

const client = `
const { Agent, request } = require('node:http');
const { count, host, keepAlive, pause = 0, port, workers = 8 } = JSON.parse(process.argv[1]);
const agent = new Agent({ keepAlive, maxSockets: workers });
const answered = {}, failed = {};
let left = count, over = false, begun = false;
process.stdin.on('end', () => { over = true; }).resume();
const ask = () => new Promise((resolve) => {
  const fail = (why) => { failed[why] = (failed[why] ?? 0) + 1; resolve(); };
  // Another address of the name is not tried: not every client does.
  const asked = request({ host, port, agent, timeout: 15_000, autoSelectFamily: false }, (response) => {
    let text = '';
    response.on('data', (data) => { text += data; });
    response.on('error', (error) => fail('answer ' + error.code));
    response.on('end', () => {
      if (response.statusCode !== 200 || text === '') return fail('status ' + response.statusCode);
      answered[text] = (answered[text] ?? 0) + 1;
      if (!begun) process.stdout.write('begun\\n');
      begun = true;
      resolve();
    });
  });
  asked.on('timeout', () => asked.destroy(new Error('timeout')));
  asked.on('error', (error) => fail(error.code ?? error.message));
  asked.end();
});
const work = async () => {
  while (left-- > 0 || !over) {
    await ask();
    if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
  }
  await ask();
};
Promise.all(Array.from({ length: workers }, work)).then(() => {
  process.stdout.write(JSON.stringify({ answered, failed }), () => process.exit());
});
`;

const total = ({ answered }: LoadResult) => Object.values(answered).reduce((sum, count) => sum + count, 0);

/** With a connection of its own. */
async function ask(path = '/'): Promise<string> {
  const asked = get({ host: '127.0.0.1', port: PORT, path, agent: false });
  const [response] = await once(asked, 'response');
  return text(response);
}

/** What the containers of a version noted, in milliseconds of one clock. */
function events(what: 'start' | 'stop' | 'held', version: string): number[] {
  return readFileSync(join(scenario.directory, 'shared/events'), 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([, noted, by]) => noted === what && by === version)
    .map(([time]) => Number(time))
    .sort((a, b) => a - b);
}

const states = () => scenario.ps().map(({ Name, State }) => `${Name} ${State}`);

afterEach(async () => {
  scenario.run('down', '-v', '-t', '1');
  expect(await scenario.leftovers()).toEqual({});
  scenario.dispose();
});

describe('an update that starts new replicas first', () => {
  it('loses none of 20,000 requests', { timeout: 120_000 }, async () => {
    start({ version: '1' });
    const loads = await Promise.all([
      Load.start({ host: '127.0.0.1', keepAlive: false, count: 8000 }),
      Load.start({ host: '::1', keepAlive: false, count: 4000 }),
      Load.start({ host: '127.0.0.1', keepAlive: true, count: 4000, pause: 5 }),
      Load.start({ host: '::1', keepAlive: true, count: 4000, pause: 5 }),
    ]);
    write({ version: '2' });
    const { status, stderr } = await up();
    const results = await Promise.all(loads.map((load) => load.finish()));
    expect(status, stderr).toBe(0);
    expect(results.map(({ failed }) => failed)).toEqual([{}, {}, {}, {}]);
    expect(results.reduce((sum, result) => sum + total(result), 0)).toBeGreaterThanOrEqual(20_000);
    for (const { answered } of results) expect(Object.keys(answered).sort()).toEqual(['1', '2']);
    expect(states()).toEqual(['project-web-1 running', 'project-web-2 running']);
    expect(await ask()).toBe('2');
  });

  it('lets a request end that an old replica has begun to answer', { timeout: 60_000 }, async () => {
    start({ version: '1', scale: 1, grace: '60s' });
    const held = ask('/held');
    await eventually('the old replica has begun', () => events('held', '1').length === 1);
    write({ version: '2', scale: 1, grace: '60s', update: 'order: start-first, monitor: 1s' });
    const updated = up();
    // Of two replicas each would get some.
    const isAlone = async () =>
      (await Promise.all(Array.from({ length: 20 }, () => ask()))).every((version) => version === '2');
    await eventually('the new replica serves alone', isAlone);
    scenario.write('shared/go', '');
    expect(await held).toBe('1');
    expect((await updated).status).toBe(0);
    expect(await ask('/?slow=1')).toBe('2');
  });

  it('loses no request of other services, which ask by name', { timeout: 120_000 }, async () => {
    const more = '  other: {image: host, command: sleep 613, stop_grace_period: 0s}';
    start({ version: '1', scale: 2, more });
    const asked = { from: 'other', host: 'web', port: 80, keepAlive: false, count: 100, pause: 5 };
    const load = await Load.start(asked);
    write({ version: '2', scale: 2, more });
    const { status, stderr } = await up();
    const { answered, failed } = await load.finish();
    expect(status, stderr).toBe(0);
    expect(failed).toEqual({});
    expect(Object.keys(answered)).toEqual(['1', '2']);
  });

  it('has hooks wait until nobody is served any more', { timeout: 60_000 }, async () => {
    // Whoever is connected when it has run gets no answer any more.
    const more = '    pre_stop: [{command: [pkill, -STOP, -x, node]}]\n    init: true';
    start({ version: '1', scale: 1, more });
    const load = await Load.start({ host: '127.0.0.1', keepAlive: false, count: 100, pause: 5 });
    write({ version: '2', scale: 1, more });
    const { status, stderr } = await up();
    const { answered, failed } = await load.finish();
    expect(status, stderr).toBe(0);
    expect(failed).toEqual({});
    expect(Object.keys(answered)).toEqual(['1', '2']);
    expect(await ask()).toBe('2');
  });

  it('has an old replica serve again if it is killed before that one stops', {
    timeout: 60_000,
  }, async () => {
    // As long as nobody says so, that one does not come to its end.
    const wait = 'until test -e /shared/go; do sleep 0.1; done';
    const more = `    pre_stop: [{command: [sh, -c, "${wait}"]}]`;
    start({ version: '1', scale: 1, more });
    write({ version: '2', scale: 1, more });
    const child = scenario.start(['up', '-d'], { stdio: 'ignore' });
    const ended = once(child, 'close');
    const askAll = () => Promise.all(Array.from({ length: 20 }, () => ask()));
    try {
      await eventually('the new one', async () => (await askAll()).includes('2') || undefined);
      await eventually('the old one is left alone', async () => !(await askAll()).includes('1') || undefined);
      child.kill('SIGKILL');
      await ended;
      await eventually('the old one is back', async () => (await askAll()).includes('1') || undefined);
    } finally {
      scenario.write('shared/go', '');
    }
  });

  it('takes as many at a time, and waits as long between them, as it says', {
    timeout: 120_000,
  }, async () => {
    start({ version: '1', scale: 3 });
    const update = 'order: start-first, parallelism: 2, delay: 4s, monitor: 1s';
    write({ version: '2', scale: 3, update });
    expect((await up()).status).toBe(0);
    const [, second = 0, third = 0] = events('start', '2');
    const stops = events('stop', '1');
    expect(third - second).toBeGreaterThanOrEqual(4000);
    // Old ones go once the new ones of their batch have held.
    expect(stops).toHaveLength(3);
    expect(stops[0]).toBeGreaterThan(second + 1000);
    expect(stops[1]).toBeLessThan(third);
    expect(stops[2]).toBeGreaterThan(third + 1000);
  });

  it('goes on where it was killed', { timeout: 120_000 }, async () => {
    start({ version: '1', scale: 3 });
    const load = await Load.start({ host: '127.0.0.1', keepAlive: false, count: 100, pause: 20 });
    write({ version: '2', scale: 3 });
    for (const after of [1, 2, 3]) {
      const child = scenario.start(['up', '-d'], { stdio: 'ignore' });
      const ended = once(child, 'close');
      await eventually(`${after} new replicas`, () => events('start', '2').length >= after || undefined);
      child.kill('SIGKILL');
      await ended;
    }
    expect((await up()).status).toBe(0);
    expect((await load.finish()).failed).toEqual({});
    expect(states()).toEqual(['project-web-1 running', 'project-web-2 running', 'project-web-3 running']);
    expect(events('start', '2')).toHaveLength(3);
    expect(await ask()).toBe('2');
  });
});

describe('an update that fails', () => {
  const rolling = 'order: start-first, monitor: 1500ms, failure_action: rollback';

  it.each([
    ['exits', 'exited (3)', 'no luck today'],
    ['sick', 'is unhealthy', 'feeling sick'],
  ] as const)('is taken back if the new version %s', { timeout: 120_000 }, async (kind, why, output) => {
    start({ version: '1' });
    const old = scenario.ps().map(({ ID }) => ID);
    const loads = await Promise.all([
      Load.start({ host: '127.0.0.1', keepAlive: false, count: 100, pause: 5 }),
      Load.start({ host: '::1', keepAlive: true, count: 100, pause: 5 }),
    ]);
    write({ version: '2', kind, update: rolling });
    const { status, stderr } = await up();
    const results = await Promise.all(loads.map((load) => load.finish()));
    expect(status).toBe(1);
    expect(stderr).toContain(`update of web failed: container project-web-1 ${why}`);
    expect(stderr).toContain(`> ${output}`);
    expect(stderr).toContain('web was rolled back');
    expect(results.map(({ failed }) => failed)).toEqual([{}, {}]);
    for (const { answered } of results) expect(Object.keys(answered)).toEqual(['1']);
    expect(scenario.ps().map(({ ID }) => ID)).toEqual(old);
    expect(states()).toEqual(['project-web-1 running', 'project-web-2 running']);
  });

  it('is taken back if the new version cannot be started, and the rest is done', {
    timeout: 60_000,
  }, async () => {
    const others = (version: string) => `
  waiting: {image: host, command: sleep 600, init: true, environment: {VERSION: "${version}"}, depends_on: [web]}
  beside: {image: host, command: sleep 600, init: true, environment: {VERSION: "${version}"}}`;
    start({ version: '1', scale: 1, more: others('1') });
    write({ version: '2', scale: 1, update: rolling, more: `    entrypoint: /nonsense${others('2')}` });
    const { status, stderr } = await up();
    expect(status).toBe(1);
    expect(stderr).toContain('container project-web-1 did not start');
    expect(scenario.container('project-web-1').State).toBe('running');
    expect(await ask()).toBe('1');
    const versionOf = (service: string) =>
      scenario.ok('exec', '-T', service, 'printenv', 'VERSION').stdout.trim();
    expect([versionOf('beside'), versionOf('waiting')]).toEqual(['2', '1']);
  });

  it('starts again what it had stopped', { timeout: 120_000 }, async () => {
    const update = 'order: stop-first, monitor: 1500ms, failure_action: rollback';
    start({ version: '1', scale: 2 });
    const old = scenario.ps().map(({ ID }) => ID);
    const load = await Load.start({ host: '127.0.0.1', keepAlive: false, count: 100, pause: 20 });
    // The second dies when the update has got to it: the first has been replaced by then.
    const more = `    entrypoint: ["sh", "-c", "case $$(cat /shared/events) in *'start 2'*) export KIND=exits;; esac; exec node /srv/server.mjs"]`;
    write({ version: '2', scale: 2, update, rollback: 'order: start-first, monitor: 500ms', more });
    const { status, stderr } = await up();
    expect(status).toBe(1);
    expect(stderr).toContain('project-web-2 exited (3)');
    expect((await load.finish()).failed).toEqual({});
    expect(scenario.ps().map(({ ID }) => ID)).toEqual(old);
    expect(states()).toEqual(['project-web-1 running', 'project-web-2 running']);
    expect(events('start', '1')).toHaveLength(4);
    expect(await ask()).toBe('1');
  });

  it('pauses if it is to, and the next `up` goes on', { timeout: 120_000 }, async () => {
    const update = 'order: start-first, monitor: 1500ms, failure_action: pause';
    start({ version: '1', scale: 2 });
    write({ version: '2', kind: 'exits', update });
    const paused = await up();
    expect(paused.status).toBe(1);
    expect(paused.stderr).toContain('the update is paused');
    expect(states().sort()).toEqual([
      'project-web-1 exited',
      'project-web-1 running',
      'project-web-2 running',
    ]);
    expect(await ask()).toBe('1');
    expect(scenario.ok('start').stderr).toContain('Nothing to do');
    write({ version: '3', update });
    expect((await up()).status).toBe(0);
    expect(states()).toEqual(['project-web-1 running', 'project-web-2 running']);
    expect(await ask()).toBe('3');
  });

  it('goes on if it is to, and keeps the replicas whose successors failed', {
    timeout: 120_000,
  }, async () => {
    const update = 'order: start-first, monitor: 1500ms, failure_action: continue';
    start({ version: '1', scale: 2 });
    write({ version: '2', kind: 'exits', update });
    const { status, stderr } = await up();
    expect(status).toBe(0);
    expect(stderr).toContain('container project-web-1 exited (3); the update of web goes on');
    expect(stderr).toContain('container project-web-2 exited (3); the update of web goes on');
    expect(await ask()).toBe('1');
    expect(states().filter((state) => state.endsWith('running'))).toHaveLength(2);
  });

  it('counts what fails late, too, but not more than it is told to mind', { timeout: 120_000 }, async () => {
    const update =
      'order: start-first, parallelism: 0, monitor: 1500ms, max_failure_ratio: 0.5, failure_action: rollback';
    start({ version: '1', scale: 2 });
    // Whoever of the two comes first.
    const more = `    entrypoint: ["sh", "-c", "mkdir /shared/taken && export KIND=late; exec node /srv/server.mjs"]`;
    write({ version: '2', scale: 2, update, more });
    const tolerated = await up();
    expect(tolerated.status, tolerated.stderr).toBe(0);
    expect(tolerated.stderr).toMatch(/container project-web-[12] exited \(4\); the update of web goes on/);
    write({ version: '3', kind: 'late', scale: 2, update });
    const failed = await up();
    expect(failed.status).toBe(1);
    expect(failed.stderr).toContain('exited (4)');
    expect(failed.stderr).toContain('web was rolled back');
  });
});

describe('the plan of an update', () => {
  it('shows its batches, and what cannot be as the file says', { timeout: 60_000 }, () => {
    start({ version: '1', scale: 3 });
    write({ version: '2', scale: 3, update: 'order: start-first, parallelism: 2, failure_action: rollback' });
    const { stdout } = scenario.ok('plan');
    expect(stdout).toContain(
      'web: project-web-1 and project-web-2, then project-web-3; new ones start before old ones stop, each is watched for 5s, on failure rollback',
    );
    write({ version: '2', scale: 1, more: '    mac_address: 02:42:ac:11:00:03' });
    expect(scenario.ok('plan').stderr).toContain(
      'services.web.deploy.update_config.order is stop-first for this update: a fixed address can be had by one container only',
    );
  });
});
