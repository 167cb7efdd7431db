// The quickstart stack as the README promises it, seen over HTTP.

import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unless } from '../../src/base/system-error.ts';
import { findContained } from './host-state.ts';
import { eventually, Scenario } from './scenario.ts';

/** On an emulated machine a probe that starts Node takes its time. */
const isSlow = process.env['TCOMPOSE_TEST_TIMEOUT'] !== undefined;
const PATIENT = `services:
  store: {healthcheck: {timeout: 120s, start_period: 300s}}
  web: {healthcheck: {timeout: 120s, start_period: 300s}}
`;

interface Answer {
  readonly host: string;
  readonly hits: number;
  readonly motto: string;
}

/** One request on a connection of its own, so that each is balanced anew. */
async function hit(address = '127.0.0.1'): Promise<Answer> {
  const response = await fetch(`http://${address}:8080/`, { headers: { connection: 'close' } });
  expect(response.status).toBe(200);
  return (await response.json()) as Answer;
}

describe('the quickstart', () => {
  let quickstart: Scenario;

  beforeAll(() => {
    quickstart = Scenario.ofExample('quickstart');
    if (isSlow) quickstart.write('compose.override.yaml', PATIENT);
    quickstart.ok('up', '-d', '--wait');
  });
  afterAll(() => quickstart.dispose());

  it('answers on 127.0.0.1 and ::1 with a growing counter', async () => {
    const first = await hit();
    const second = await hit('[::1]');
    expect(second.hits).toBe(first.hits + 1);
    expect(first.motto).toBe('decide, then do');
  });

  it('names containers as Docker Compose does and shows their state', () => {
    const rows = quickstart.ps();
    expect(rows.map((row) => row.Name).sort()).toEqual([
      'quickstart-seed-1',
      'quickstart-store-1',
      'quickstart-web-1',
    ]);
    expect(quickstart.container('quickstart-web-1')).toMatchObject({ State: 'running', Health: 'healthy' });
    expect(quickstart.container('quickstart-seed-1')).toMatchObject({ State: 'exited', ExitCode: 0 });
  });

  it('does nothing when nothing changed: same containers, and the one-shot is not run again', () => {
    const ids = quickstart.ps().map((row) => row.ID);
    quickstart.ok('up', '-d', '--wait');
    expect(quickstart.ps().map((row) => row.ID)).toEqual(ids);
    expect(quickstart.ok('logs', '--no-log-prefix', 'seed').stdout.match(/motto:/g)).toHaveLength(1);
  });

  it('scales web to five replicas behind one port', async () => {
    quickstart.ok('scale', 'web=5');
    const names = quickstart
      .ps()
      .filter((row) => row.Service === 'web')
      .map((row) => row.Name);
    expect(names.sort()).toEqual([1, 2, 3, 4, 5].map((n) => `quickstart-web-${n}`));
    await eventually(
      'five healthy replicas',
      () =>
        quickstart.ps().filter((row) => row.Service === 'web' && row.Health === 'healthy').length === 5 ||
        undefined,
    );
    const hosts = new Set<string>();
    await eventually('each of them answers', async () => hosts.add((await hit()).host).size === 5);
  });

  it('takes a killed replica out of the set, serves on, and brings it back', async () => {
    const { ID: id } = quickstart.container('quickstart-web-3');
    const host = quickstart.ok('exec', '-T', '--index', '3', 'web', 'hostname').stdout.trim();
    const address = quickstart.ok('exec', '-T', '--index', '3', 'web', 'hostname', '-i').stdout.trim();
    const isInSet = () =>
      execFileSync('/usr/sbin/nft', ['list', 'ruleset'], { encoding: 'utf8' }).includes(`: ${address} .`);
    const life = () =>
      quickstart.ok('inspect', '-f', '{{.State.Status}} {{.State.Pid}}', 'quickstart-web-3').stdout;
    const before = life();
    const isBack = () => life().startsWith('running ') && life() !== before;
    expect(isInSet()).toBe(true);
    const killed = findContained(id);
    expect(killed).not.toEqual([]);
    // A health probe among them may have ended by itself.
    for (const pid of killed) unless(['ESRCH'], () => process.kill(pid, 'SIGKILL'));
    await eventually('it left the set', () => !isInSet() || isBack() || undefined);
    for (let n = 0; n < 50; n += 1) await hit();
    await eventually('it runs again', () => isBack() || undefined);
    await eventually('it serves again', async () => (await hit()).host === host || undefined);
  });

  it('keeps the counter over restart and over down and up', async () => {
    quickstart.ok('scale', 'web=1');
    const first = (await hit()).hits;
    quickstart.ok('restart', 'store');
    await eventually(
      'the store is back',
      async () => (await fetch('http://127.0.0.1:8080/', { headers: { connection: 'close' } })).ok,
    );
    const second = (await hit()).hits;
    expect(second).toBeGreaterThan(first);
    quickstart.ok('down');
    await expect(fetch('http://127.0.0.1:8080/')).rejects.toThrow();
    quickstart.ok('up', '-d', '--wait');
    expect((await hit()).hits).toBeGreaterThan(second);
  });

  it('leaves nothing behind after down -v, and the counter starts anew', async () => {
    quickstart.ok('down', '-v');
    expect(await quickstart.leftovers()).toEqual({});
    quickstart.ok('up', '-d', '--wait');
    expect((await hit()).hits).toBe(1);
    quickstart.ok('down', '-v');
  });
});
