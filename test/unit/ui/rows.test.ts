// Progress that is redrawn in place, as it is on the terminal.

import { describe, expect, it } from 'vitest';
import { planUp } from '../../../src/plan/up.ts';
import { ProgressFeed } from '../../../src/ui/progress/progress.ts';
import { createStyle } from '../../../src/ui/style.ts';
import { buildWorld, type WorldWords } from '../plan/world.ts';
import { FakeTerminal } from './fake-terminal.ts';

const words: WorldWords = {
  services: { web: { image: 'web:2', depends_on: { db: 'healthy' } }, db: { healthcheck: true } },
  containers: { 'web-1': { was: { image: 'web:1' } } },
};

class Scene {
  readonly terminal = new FakeTerminal();
  readonly feed = new ProgressFeed({
    mode: 'tty',
    sink: this.terminal,
    style: createStyle(true),
    isDryRun: false,
    now: () => 0,
    patience: 0,
  });
  readonly plan = planUp(...worldOf(words), {});

  /** Begins, and resolves when rows are drawn. */
  async begin(): Promise<void> {
    this.feed.begin(this.plan);
    this.step(1, 'started');
    while (this.terminal.screen === '') await new Promise((resolve) => setTimeout(resolve, 5));
  }

  step(id: number, phase: 'started' | 'done' | 'failed', detail?: string): void {
    const { group, operation } = this.plan.nodes[id - 1]!;
    this.feed.follow({
      type: 'node',
      node: id,
      operation,
      phase,
      ...(group && { group }),
      ...(detail && { detail }),
    });
  }

  /** All steps from `first` to `last`; the first has been started. */
  run(first: number, last: number): void {
    for (let id = first; id <= last; id += 1) {
      if (id > 1) this.step(id, 'started');
      this.step(id, 'done');
    }
  }
}

function worldOf(input: WorldWords) {
  const { inputs, model, state } = buildWorld(input);
  return [model, inputs, state] as const;
}

describe('rows on a terminal', () => {
  it('are one per resource, appear as work on them begins, and end with a tick', async () => {
    const scene = new Scene();
    await scene.begin();
    expect(scene.terminal.screen).toMatch(/^. Container demo-db-1 {2}Creating\n$/);
    expect(scene.terminal.isCursorVisible).toBe(false);
    scene.run(1, scene.plan.nodes.length);
    await scene.feed.release();
    expect(scene.terminal.screen).toBe(
      '✔ Container demo-db-1  Healthy  0.0s\n✔ Container demo-web-1  Started  0.0s\n',
    );
    expect(scene.terminal.isCursorVisible).toBe(true);
  });

  it('mark what failed and what was left', async () => {
    const scene = new Scene();
    await scene.begin();
    scene.run(1, 2);
    scene.step(4, 'started');
    scene.step(3, 'started');
    scene.step(3, 'failed', 'container demo-db-1 is unhealthy');
    await scene.feed.release();
    expect(scene.terminal.screen).toBe(
      '✖ Container demo-db-1  Error  container demo-db-1 is unhealthy\n↓ Container demo-web-1  Recreate\n',
    );
  });

  it('give way to lines, which follow below', async () => {
    const scene = new Scene();
    await scene.begin();
    scene.run(1, 2);
    const released = scene.feed.release();
    expect(scene.feed.isOnScreen).toBe(true);
    scene.run(3, 3);
    await released;
    expect(scene.feed.isOnScreen).toBe(false);
    scene.run(4, scene.plan.nodes.length);
    expect(scene.terminal.screen.split('\n')).toEqual([
      '↓ Container demo-db-1  Started',
      ' Container demo-db-1  Waiting',
      ' Container demo-db-1  Healthy',
      ' Container demo-web-1  Recreate',
      ' Container demo-web-1  Recreated',
      ' Container demo-web-1  Starting',
      ' Container demo-web-1  Started',
      '',
    ]);
  });
});
