// What a monitor tells in the instance's event log.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { MonitorSpec } from '../../../src/runtime/monitor-spec.ts';
import { Sandbox } from './sandbox.ts';

let sandbox: Sandbox;
beforeAll(() => {
  sandbox = new Sandbox();
});
afterAll(() => sandbox.dispose());

const place = { project: 'shop', service: 'web', image: 'nginx' };
const withEvents =
  (events: NonNullable<MonitorSpec['events']>) =>
  (spec: MonitorSpec): MonitorSpec => ({ ...spec, events });

const read = (path: string) =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));

it('is a line for the start and one for the end, behind what others wrote', async () => {
  const file = join(sandbox.directory, 'events.jsonl');
  writeFileSync(file, '{"action":"before"}\n');
  const container = await sandbox.run('exit 7', {
    monitor: withEvents({ ...place, file, maxSize: 1e6, oneOff: true }),
  });
  await container.ended();
  const [before, ...own] = read(file);
  expect(before).toEqual({ action: 'before' });
  const common = {
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/),
    type: 'container',
    service: 'web',
    id: container.id,
    project: 'shop',
    oneOff: true,
  };
  const attributes = { name: container.computed.monitor.name, image: 'nginx' };
  expect(own).toEqual([
    { ...common, action: 'start', attributes },
    { ...common, action: 'die', attributes: { ...attributes, exitCode: '7' } },
  ]);
});

it('sets aside a log that has grown too large, and what was aside goes', async () => {
  const file = join(sandbox.directory, 'large.jsonl');
  writeFileSync(file, `${JSON.stringify({ action: 'x'.repeat(100) })}\n`);
  const container = await sandbox.run('true', { monitor: withEvents({ ...place, file, maxSize: 100 }) });
  await container.ended();
  expect(read(`${file}.1`).map(({ action }) => action)).toEqual(['start']);
  expect(read(file).map(({ action }) => action)).toEqual(['die']);
});

it('is no reason to fail when it cannot be written', async () => {
  const file = join(sandbox.directory, 'no', 'such', 'directory');
  const container = await sandbox.run('exit 7', { monitor: withEvents({ ...place, file, maxSize: 1e6 }) });
  expect((await container.ended()).exitCode).toBe(7);
});
