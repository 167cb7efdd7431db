// The loop of a watch with an engine in memory: what containers get that end and start while it copies.

import { expect, it } from 'vitest';
import type { AppContext } from '../../../../src/app/context.ts';
import { WatchSession } from '../../../../src/app/watch/watch-session.ts';
import { PushIterable } from '../../../../src/base/async.ts';
import { TcError } from '../../../../src/base/error.ts';
import type { ContainerEvent, SourceBatch } from '../../../../src/engine/ports.ts';
import type { WatchRule } from '../../../../src/plan/watch-rules.ts';

const rule: WatchRule = {
  ...{ service: 'web', action: 'sync', path: '/src', target: '/app' },
  ...{ ignore: [], include: [], mounted: [], initialSync: false },
};
const container = {
  ...{ id: 'c1', name: 'project-web-1', service: 'web', state: 'running', oneOff: false, mounts: [] },
  recorded: {},
};

/** `copy`: what happens while the files are copied for the n-th time. */
function watch(copy: (attempt: number, started: () => void) => Promise<void>) {
  const interrupt = new AbortController();
  const events = new PushIterable<ContainerEvent>();
  const batches = new PushIterable<SourceBatch>();
  const notices: string[] = [];
  let attempt = 0;
  const started = () => events.push({ action: 'start', id: 'c1' } as ContainerEvent);
  const engine = {
    observe: async () => ({ project: 'project', containers: [container] }),
    events: { read: () => events },
    sources: { pack: () => [] },
    copy: {
      container: async () => {
        attempt += 1;
        await copy(attempt, started);
        return { remove: async () => undefined, write: async () => undefined, close: () => undefined };
      },
    },
  };
  const ended = new WatchSession({
    ...{ model: { name: 'project' } as never, rules: [rule], files: [], prune: false, quiet: true },
    options: {} as never,
    sources: {
      list: () => [],
      next: async () => (await batches[Symbol.asyncIterator]().next()).value as SourceBatch,
      wake: () => batches.push({ changes: [], problems: [] }),
      close: () => undefined,
    },
    on: (notice) => {
      notices.push(notice.type);
      if (notice.type !== 'synced') return;
      interrupt.abort();
      for (const each of [events, batches]) each.end();
    },
  }).run({ engine: async () => engine, interrupted: interrupt.signal } as unknown as AppContext);
  batches.push({ changes: [{ rule: 0, path: 'file', kind: 'file' }], problems: [] });
  return { ended, notices, started };
}

const inBetween = () => Promise.reject(new TcError('being started', { code: 'changed-meanwhile' }));

it('gives a container what it misses when it starts', async () => {
  const { ended, notices, started } = watch((attempt) => {
    if (attempt > 1) return Promise.resolve();
    setImmediate(started);
    return inBetween();
  });
  await ended;
  expect(notices).toEqual(['enabled', 'postponed', 'synced', 'ended']);
});

it('gives it to one that has started before the copying was given up', async () => {
  const { ended, notices } = watch(async (attempt, started) => {
    if (attempt > 1) return;
    started();
    await new Promise(setImmediate);
    await inBetween();
  });
  await ended;
  expect(notices).toEqual(['enabled', 'postponed', 'synced', 'ended']);
});
