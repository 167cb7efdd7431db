import { appendFileSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ContainerEvent } from '../../../../src/engine/event/event-port.ts';
import { readEvents } from '../../../../src/engine/event/read-events.ts';

let directory: string;
let path: string;
const controller = () => new AbortController();

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'events-'));
  path = join(directory, 'events.jsonl');
});
afterEach(() => rmSync(directory, { recursive: true }));

function write(action: string, members: object = {}, file = path): void {
  const event = { time: new Date().toISOString(), type: 'container', service: 'web', id: 'f00', action };
  appendFileSync(
    file,
    `${JSON.stringify({ ...event, project: 'shop', attributes: { name: 'n' }, ...members })}\n`,
  );
}

async function collect(request: object): Promise<string[]> {
  const found: string[] = [];
  const asked = { project: 'shop', services: [], signal: controller().signal, ...request };
  for await (const { action } of readEvents(path, asked)) found.push(action);
  return found;
}

const past = { since: '1970-01-01T00:00:00Z', until: '2999-01-01T00:00:00Z' };
const ended = () => ({ since: past.since, until: new Date(Date.now() + 50).toISOString() });

describe('what was', () => {
  it('begins with what was set aside, and keeps to the project, its services and its replicas', async () => {
    write('create', {}, `${path}.1`);
    write('start');
    write('other project', { project: 'other' });
    write('other service', { service: 'db' });
    write('one-off', { oneOff: true });
    write('network', { type: 'network' });
    appendFileSync(path, 'half a li');
    expect(await collect({ ...ended(), services: ['web'] })).toEqual(['create', 'start']);
  });

  it('keeps to the time that is asked for', async () => {
    write('early', { time: '2026-01-01T00:00:00.5Z' });
    write('in time', { time: '2026-01-01T00:00:01.000000001Z' });
    write('late', { time: '2026-01-01T00:00:03Z' });
    const [since, until] = ['2026-01-01T00:00:01Z', '2026-01-01T00:00:02Z'];
    expect(await collect({ since, until })).toEqual(['in time']);
  });

  it('is nothing where nothing was ever made', async () => {
    path = join(directory, 'not', 'made', 'events.jsonl');
    expect(await collect(ended())).toEqual([]);
  });
});

describe('what comes', () => {
  async function follow(signal: AbortSignal, onEvent: (event: ContainerEvent) => void) {
    const events = readEvents(path, { project: 'shop', services: [], signal });
    for await (const event of events) onEvent(event);
  }

  it('is told without what was, through a file that is set aside, until the signal', async () => {
    write('before');
    const stop = controller();
    const seen: string[] = [];
    const done = follow(stop.signal, ({ action }) => {
      seen.push(action);
      if (action === 'first') {
        renameSync(path, `${path}.1`);
        write('second', {}, `${path}.1`);
        write('third');
      }
      if (action === 'third') stop.abort();
    });
    // The reader has looked by the time that this turn is over.
    await new Promise(setImmediate);
    write('first');
    await done;
    expect(seen).toEqual(['first', 'second', 'third']);
  });
});
