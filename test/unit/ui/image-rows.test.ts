// Images on a terminal while they are pulled, as they look in between.

import { afterEach, describe, expect, it } from 'vitest';
import type { ImageNotice } from '../../../src/engine/ports.ts';
import { planUp } from '../../../src/plan/up.ts';
import { ProgressFeed } from '../../../src/ui/progress/progress.ts';
import { createStyle } from '../../../src/ui/style.ts';
import { buildWorld } from '../plan/world.ts';
import { FakeTerminal } from './fake-terminal.ts';

const layer = (digit: string) => `sha256:${digit.repeat(64)}` as const;
const size = 40_000_000;

class Scene {
  readonly terminal = new FakeTerminal();
  at = 0;
  readonly feed = new ProgressFeed({
    mode: 'tty',
    sink: this.terminal,
    style: createStyle(false),
    isDryRun: false,
    now: () => this.at,
    patience: 0,
  });

  tell(image: string, event: object): void {
    this.feed.followImage({ type: 'image', image, event: { reference: image, ...event } } as ImageNotice);
  }

  receive(image: string, digit: string, done: number): void {
    this.tell(image, { type: 'bytes', digest: layer(digit), done, total: size });
  }

  /** Resolves when the screen shows it. */
  async shows(expected: string | RegExp): Promise<void> {
    const deadline = Date.now() + 30_000;
    const fits = () =>
      typeof expected === 'string'
        ? this.terminal.screen.includes(expected)
        : expected.test(this.terminal.screen);
    while (!fits() && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
    if (!fits()) expect(this.terminal.screen).toMatch(expected);
  }
}

describe('images on a terminal', () => {
  let scene = new Scene();
  afterEach(() => scene.feed.release());

  it('are a row each, with their layers, bytes and rates below', async () => {
    scene = new Scene();
    scene.tell('web:1', { type: 'started', action: 'pull' });
    scene.tell('db:1', { type: 'started', action: 'pull' });
    scene.tell('web:1', {
      type: 'resolved',
      layers: ['a', 'b', 'c'].map((digit) => ({ digest: layer(digit), total: size })),
    });
    scene.tell('web:1', { type: 'layer', phase: 'receiving', digest: layer('a'), total: size });
    scene.tell('web:1', { type: 'layer', phase: 'exists', digest: layer('b'), total: size });
    scene.receive('web:1', 'a', 0);
    await scene.shows('0B / 80.0MB');
    scene.at = 1000;
    scene.receive('web:1', 'a', 10_000_000);
    await scene.shows('10.0MB/s');
    expect(scene.terminal.screen.split('\n').map((line) => line.slice(2))).toEqual([
      'Image web:1  Pulling  10.0MB / 80.0MB  10.0MB/s  1.0s',
      '· aaaaaaaaaaaa  Downloading  [====>           ]  10.0MB / 40.0MB  10.0MB/s',
      '· bbbbbbbbbbbb  Already exists',
      '· cccccccccccc  Pending',
      'Image db:1  Pulling  1.0s',
      '',
    ]);
    scene.tell('web:1', { type: 'done', digest: layer('f'), isNew: true });
    scene.tell('db:1', { type: 'failed', reason: 'no such manifest' });
    await scene.feed.release();
    expect(scene.terminal.screen.trimEnd()).toBe(
      '✔ Image web:1  Pulled  1.0s\n✖ Image db:1  Error  no such manifest',
    );
    expect(scene.terminal.isCursorVisible).toBe(true);
  });

  it('show only the layers at work where there is no room for all', async () => {
    scene = new Scene();
    const digits = [...'0123456789abcdef', ...'0123456789abcdef'].map(
      (digit, at) => `${at}${digit}`.slice(-1) + digit,
    );
    const layers = digits.map((digits, at) => ({
      digest: `sha256:${at.toString(16).padStart(2, '0')}${digits}`,
      total: size,
    }));
    scene.tell('web:1', { type: 'started', action: 'pull' });
    scene.tell('web:1', { type: 'resolved', layers });
    for (const { digest } of layers.slice(0, 30)) {
      scene.tell('web:1', { type: 'layer', phase: 'exists', digest, total: size });
    }
    scene.tell('web:1', { type: 'layer', phase: 'unpacking', digest: layers[30]?.digest, total: size });
    await scene.shows('30 of 32 layers are done');
    expect(scene.terminal.screen.split('\n')).toHaveLength(4);
    expect(scene.terminal.screen).toContain('Extracting');
  });

  it('stand above the rows of the plan that they are for', async () => {
    scene = new Scene();
    scene.tell('web:1', { type: 'started', action: 'pull' });
    await scene.shows('Image web:1  Pulling');
    scene.at = 2000;
    scene.tell('web:1', { type: 'done', digest: layer('f'), isNew: true });
    const { inputs, model, state } = buildWorld({ services: { web: {} } });
    const plan = planUp(model, inputs, state, {});
    scene.feed.begin(plan);
    for (const { id: node, operation } of plan.nodes) {
      for (const phase of ['started', 'done'] as const)
        scene.feed.follow({ type: 'node', node, operation, phase });
    }
    await scene.feed.release();
    expect(scene.terminal.screen).toBe(
      [
        '✔ Image web:1  Pulled  2.0s',
        '✔ Network demo_default  Created  0.0s',
        '✔ Container demo-web-1  Started  0.0s',
        '',
      ].join('\n'),
    );
  });

  it('that come after the plan are told in lines, without the bytes', async () => {
    scene = new Scene();
    const { inputs, model, state } = buildWorld({
      services: { web: {} },
      containers: { 'web-1': 'running' },
    });
    scene.feed.begin(planUp(model, inputs, state, {}));
    await scene.feed.release();
    scene.tell('web:1', { type: 'started', action: 'push' });
    scene.tell('web:1', { type: 'layer', phase: 'uploading', digest: layer('a'), total: size });
    for (let done = 0; done < size; done += 1_000_000) {
      scene.at += 100;
      scene.receive('web:1', 'a', done);
    }
    scene.tell('web:1', { type: 'done', digest: layer('f'), isNew: true });
    expect(scene.terminal.screen).toBe(
      [
        ' Project demo  Nothing to do',
        ' Image web:1  Pushing',
        ' aaaaaaaaaaaa  Pushing  40MB',
        ' Image web:1  Pushed',
        '',
      ].join('\n'),
    );
  });
});

it('following a byte event costs microseconds', () => {
  const scene = new Scene();
  scene.tell('web:1', { type: 'started', action: 'pull' });
  const begun = process.cpuUsage();
  for (let done = 0; done < 100_000; done += 1) scene.receive('web:1', 'a', done);
  const { system, user } = process.cpuUsage(begun);
  expect((user + system) / 100_000).toBeLessThan(20);
  return scene.feed.release();
});
