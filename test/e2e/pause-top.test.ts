// pause, unpause, top: looked at from the kernel's side.

import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually, Scenario } from './scenario.ts';

const compose = `
services:
  web:
    image: host
    command: sh -c 'sleep 601 & exec sleep 602'
    init: true
  db:
    image: host
    command: sleep 603
    init: true
`;

let scenario: Scenario;

afterEach(async () => {
  scenario.run('down', '-v', '-t', '0');
  expect(await scenario.leftovers()).toEqual({});
  scenario.dispose();
});

interface Row {
  readonly service: string;
  readonly pid: string;
  readonly command: string;
}

function top(...services: string[]): Row[] {
  const [, ...lines] = scenario
    .ok('top', ...services)
    .stdout.trimEnd()
    .split('\n');
  return lines.map((line) => {
    const cells = line.split(/ {2,}/);
    return { service: cells[0] ?? '', pid: cells[3] ?? '', command: cells[9] ?? '' };
  });
}

/** Ticks of processor time that a process has used. */
function usedTicks(pid: string): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return Number(fields[11]) + Number(fields[12]);
}

describe('top', () => {
  it('lists every process of the containers by its host pid, and none of others', async () => {
    scenario = new Scenario({ 'compose.yaml': compose });
    expect(scenario.ok('top').stdout).toBe('');
    scenario.ok('up', '-d');
    const sleepers = () => top().filter((row) => row.command.startsWith('sleep'));
    await eventually('all of them run', () => sleepers().length >= 3);
    const rows = top();
    const commands = (service: string) =>
      rows
        .filter((row) => row.service === service && row.command.startsWith('sleep'))
        .map((row) => row.command);
    expect(commands('web').sort()).toEqual(['sleep 601', 'sleep 602']);
    expect(commands('db')).toEqual(['sleep 603']);
    for (const { command, pid } of rows) {
      expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()).toBe(command);
    }
    expect(new Set(top('db').map((row) => row.service))).toEqual(new Set(['db']));
    expect(scenario.run('top', 'nobody').status).not.toBe(0);
  });
});

describe('pause', () => {
  it('freezes the processes, and unpause lets them go on', async () => {
    scenario = new Scenario({ 'compose.yaml': compose.replace('sleep 603', "sh -c 'while :; do :; done'") });
    scenario.ok('up', '-d');
    const spinning = await eventually(
      'the loop runs',
      () => top('db').find((row) => row.command.startsWith('sh -c'))?.pid,
    );
    scenario.ok('pause', 'db');
    expect(scenario.container('project-db-1').State).toBe('paused');
    expect(scenario.container('project-web-1').State).toBe('running');
    expect(top('db').map((row) => row.pid)).toContain(spinning);
    const frozenAt = usedTicks(spinning);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(usedTicks(spinning)).toBe(frozenAt);
    // What is frozen already stays so.
    scenario.ok('pause');
    expect(scenario.container('project-web-1').State).toBe('paused');
    scenario.ok('unpause');
    expect(scenario.ps().map((row) => row.State)).toEqual(['running', 'running']);
  });

  it('does not keep a container from being stopped or killed', () => {
    scenario = new Scenario({ 'compose.yaml': compose });
    scenario.ok('up', '-d');
    scenario.ok('pause');
    scenario.ok('stop', '-t', '1', 'web');
    expect(scenario.container('project-web-1').State).toBe('exited');
    scenario.ok('kill', 'db');
    expect(scenario.run('wait', 'db').status).toBe(137);
  });

  it('changes nothing in a dry run', () => {
    scenario = new Scenario({ 'compose.yaml': compose });
    scenario.ok('up', '-d');
    expect(scenario.ok('--dry-run', 'pause', 'db').stdout).toContain('pause');
    expect(scenario.container('project-db-1').State).toBe('running');
  });
});
