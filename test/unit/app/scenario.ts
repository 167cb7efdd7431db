// A project in memory and the context that verbs are given, with everything they tell kept.

import type { AppContext, AppEvent } from '../../../src/app/context.ts';
import type { Engine } from '../../../src/engine/ports.ts';
import { FakeEngine } from './fake-engine.ts';

export interface Scenario {
  readonly context: AppContext;
  readonly engine: FakeEngine;
  readonly events: AppEvent[];
  /** What containers printed and how they ended, as lines. */
  readonly shown: () => string[];
  interrupt(): void;
  force(): void;
}

export function createScenario(compose: string, changes: Partial<AppContext> = {}): Scenario {
  const engine = new FakeEngine();
  const events: AppEvent[] = [];
  const interrupted = new AbortController();
  const forced = new AbortController();
  const context: AppContext = {
    selection: {
      files: [],
      environmentFiles: [],
      profiles: [],
      allResources: false,
      compatibility: false,
      workingDir: '/project',
      environment: {},
    },
    reader: {
      read: (path) => {
        if (path === '/project/compose.yaml') return compose;
        throw Object.assign(new Error(`no ${path}`), { code: 'ENOENT' });
      },
      exists: (path) => path === '/project/compose.yaml',
    },
    engine: () => Promise.resolve(engine as unknown as Engine),
    dryRun: false,
    yes: false,
    interrupted: interrupted.signal,
    forced: forced.signal,
    on: (event) => events.push(event),
    ...changes,
  };
  return {
    context,
    engine,
    events,
    shown: () => events.flatMap(describe),
    interrupt: () => interrupted.abort(new Error('interrupted')),
    force: () => forced.abort(new Error('forced')),
  };
}

function describe(event: AppEvent): string[] {
  if (event.type === 'output') return [`${event.source.service}: ${event.record.text.trimEnd()}`];
  if (event.type === 'stopping') return [`stopping because of ${event.because}`];
  if (event.type !== 'exited') return [];
  return [`${event.source.service} exited ${event.exitCode}${event.restarting ? ' restarting' : ''}`];
}
