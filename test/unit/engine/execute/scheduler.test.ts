import { describe, expect, it } from 'vitest';
import { runSchedule, type Schedule, type Weight } from '../../../../src/engine/execute/scheduler.ts';

interface Node {
  readonly id: number;
  readonly dependsOn: readonly number[];
  readonly weight: Weight;
}

const node = (id: number, dependsOn: number[] = [], weight: Weight = 'heavy'): Node => ({
  id,
  dependsOn,
  weight,
});

/** Runs nodes that end when told; records what began, what ended and when the lock would move. */
class Recorder {
  readonly log: string[] = [];
  readonly #ends = new Map<number, { resolve: () => void; reject: (error: unknown) => void }>();
  readonly done: Promise<void>;

  constructor(nodes: readonly Node[], options: Partial<Schedule<Node>> = {}) {
    this.done = runSchedule({
      nodes,
      parallel: 2,
      weigh: (each) => each.weight,
      run: ({ id, weight }, signal) => {
        this.log.push(`begin ${id}`);
        return new Promise((resolve, reject) => {
          this.#ends.set(id, { resolve, reject });
          if (weight === 'wait') signal.addEventListener('abort', () => reject(signal.reason));
        });
      },
      onIdle: () => void this.log.push('idle'),
      onResume: async () => void this.log.push('resume'),
      ...options,
    });
    this.done.catch(() => undefined);
  }

  async end(id: number, error?: unknown): Promise<void> {
    const found = this.#ends.get(id);
    if (found === undefined) throw new Error(`${id} does not run`);
    this.log.push(error === undefined ? `end ${id}` : `fail ${id}`);
    if (error === undefined) found.resolve();
    else found.reject(error);
    await settle();
  }
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('the scheduler', () => {
  it('runs a node after all it depends on', async () => {
    const run = new Recorder([node(0), node(1), node(2, [0, 1])]);
    await run.end(0);
    expect(run.log).toEqual(['begin 0', 'begin 1', 'end 0']);
    await run.end(1);
    await run.end(2);
    await run.done;
    expect(run.log.slice(3)).toEqual(['end 1', 'begin 2', 'end 2']);
  });

  it('holds heavy nodes to the limit, and light ones not', async () => {
    const run = new Recorder([node(0), node(1), node(2), node(3, [], 'light'), node(4, [], 'light')]);
    expect(run.log).toEqual(['begin 0', 'begin 1', 'begin 3', 'begin 4']);
    await run.end(0);
    expect(run.log.at(-1)).toBe('begin 2');
    for (const id of [1, 2, 3, 4]) await run.end(id);
    await run.done;
  });

  it('is done at once with nothing to do', async () => {
    await new Recorder([]).done;
  });

  it('lets go while only waits run, and comes back before the next effect', async () => {
    const run = new Recorder([node(0), node(1, [0], 'wait'), node(2, [1])]);
    await run.end(0);
    await run.end(1);
    await run.end(2);
    await run.done;
    expect(run.log).toEqual(['begin 0', 'end 0', 'begin 1', 'idle', 'end 1', 'resume', 'begin 2', 'end 2']);
  });

  it('keeps hold while an effect runs beside a wait', async () => {
    const run = new Recorder([node(0, [], 'wait'), node(1)]);
    expect(run.log).toEqual(['begin 0', 'begin 1']);
    await run.end(1);
    expect(run.log.at(-1)).toBe('idle');
    await run.end(0);
    await run.done;
  });

  it('ends with the first failure: effects run to their end, waits do not, nothing else begins', async () => {
    const run = new Recorder([node(0), node(1), node(2, [], 'wait'), node(3, [0]), node(4)]);
    await run.end(0, new Error('first'));
    expect(run.log).not.toContain('begin 3');
    await run.end(1, new Error('second'));
    await expect(run.done).rejects.toThrow('first');
    expect(run.log).not.toContain('begin 4');
  });

  it('is cancelled by its signal, with the reason', async () => {
    const controller = new AbortController();
    const run = new Recorder([node(0), node(1, [0])], { signal: controller.signal });
    controller.abort(new Error('enough'));
    await settle();
    await run.end(0);
    await expect(run.done).rejects.toThrow('enough');
    expect(run.log).not.toContain('begin 1');
  });

  it('does not begin at all when it is cancelled before', async () => {
    const run = new Recorder([node(0)], { signal: AbortSignal.abort(new Error('early')) });
    await expect(run.done).rejects.toThrow('early');
    expect(run.log).toEqual([]);
  });

  it('fails when it cannot come back', async () => {
    const run = new Recorder([node(0, [], 'wait'), node(1, [0])], {
      onResume: () => Promise.reject(new Error('changed')),
    });
    await run.end(0);
    await expect(run.done).rejects.toThrow('changed');
    expect(run.log).toEqual(['begin 0', 'idle', 'end 0']);
  });
});

describe('a schedule that keeps going', () => {
  it('runs what waits for a failed node, and tells of the first failure at the end', async () => {
    const run = new Recorder([node(0), node(1), node(2, [0])], { keepGoing: true });
    await run.end(0, new Error('first'));
    await run.end(1, new Error('second'));
    expect(run.log).toContain('begin 2');
    await run.end(2);
    await expect(run.done).rejects.toThrow('first');
  });

  it('ends when it is cancelled', async () => {
    const cancel = new AbortController();
    const run = new Recorder([node(0), node(1, [0])], { keepGoing: true, signal: cancel.signal });
    cancel.abort(new Error('cancelled'));
    await run.end(0, new Error('after that'));
    await expect(run.done).rejects.toThrow('cancelled');
    expect(run.log).not.toContain('begin 1');
  });
});
