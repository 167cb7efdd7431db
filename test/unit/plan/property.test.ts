// What holds for every plan, whatever the project and whatever runs of it.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TcError } from '../../../src/base/error.ts';
import { planDown } from '../../../src/plan/down.ts';
import { formatPlan } from '../../../src/plan/explain.ts';
import type { Plan, PlanNode } from '../../../src/plan/operation.ts';
import { planRollback } from '../../../src/plan/rollback.ts';
import { selectServices } from '../../../src/plan/selection.ts';
import { planUp } from '../../../src/plan/up.ts';
import type { UpOptions } from '../../../src/plan/up-options.ts';
import { Host } from './apply-plan.ts';
import { scenario } from './arbitrary-world.ts';
import { buildWorld, type World } from './world.ts';

/** Some order that the plan allows. */
function linearize(plan: Plan, choose: (count: number) => number): PlanNode[] {
  const order: PlanNode[] = [];
  const done = new Set<number>();
  const waiting = [...plan.nodes];
  while (waiting.length > 0) {
    const ready = waiting.filter((node) => node.dependsOn.every((id) => done.has(id)));
    const next = ready[choose(ready.length)]!;
    waiting.splice(waiting.indexOf(next), 1);
    done.add(next.id);
    order.push(next);
  }
  return order;
}

const choices = fc.infiniteStream(fc.nat({ max: 1_000_000 }));
const chooser = (stream: fc.Stream<number>) => (count: number) => (stream.next().value as number) % count;

function up({ inputs, model }: World, host: Host, with_: UpOptions): Plan {
  try {
    return planUp(model, inputs, host.state, with_);
  } catch (error) {
    // What the selected services need may be in the hands of others: that is said, and nothing done.
    fc.pre(!(error instanceof TcError && error.kind === 'user'));
    throw error;
  }
}

const hostOf = (world: World, with_: UpOptions = {}) =>
  new Host(world, selectServices(world.model, with_).selected);

describe('every plan of up', () => {
  it('lists dependencies first, and none that another implies', () => {
    fc.assert(
      fc.property(scenario, ([words, with_]) => {
        const built = buildWorld(words);
        const plan = up(built, hostOf(built, with_), with_);
        const above = new Map<number, Set<number>>();
        for (const { dependsOn, id } of plan.nodes) {
          expect(dependsOn.every((on) => on < id)).toBe(true);
          const implied = new Set(dependsOn.flatMap((on) => [...(above.get(on) ?? [])]));
          expect(dependsOn.filter((on) => implied.has(on))).toEqual([]);
          above.set(id, new Set([...dependsOn, ...implied]));
        }
      }),
    );
  });

  it('can be executed in any order that it allows, and leaves nothing to do', () => {
    fc.assert(
      fc.property(scenario, choices, ([words, with_], stream) => {
        const built = buildWorld(words);
        const host = hostOf(built, with_);
        const plan = up(built, host, with_);
        host.apply(plan, linearize(plan, chooser(stream)));
        expect(formatPlan(up(built, host, with_))).toBe('');
        for (const name of selectServices(built.model, with_).selected) {
          const own = host.state.containers.filter((container) => container.service === name);
          expect(own).toHaveLength(built.model.services[name]?.scale ?? 1);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('can be cut short anywhere: the next one completes it', () => {
    fc.assert(
      fc.property(scenario, choices, fc.nat(), ([words, with_], stream, cut) => {
        const built = buildWorld(words);
        const host = hostOf(built, with_);
        const plan = up(built, host, with_);
        const order = linearize(plan, chooser(stream));
        host.apply(plan, order.slice(0, cut % (order.length + 1)));
        const rest = up(built, host, with_);
        host.apply(rest, linearize(rest, chooser(stream)));
        expect(formatPlan(up(built, host, with_))).toBe('');
      }),
      { numRuns: 300 },
    );
  });
});

describe('every update that fails', () => {
  const policy = fc.record({
    order: fc.constantFrom('start-first', 'stop-first'),
    parallelism: fc.constantFrom(0, 1, 2),
  });
  const failing = fc.record({
    scale: fc.integer({ min: 1, max: 4 }),
    update_config: policy,
    rollback_config: policy,
    /** How far it had come; what it replaced is there until it has held. */
    cut: fc.nat(),
    /** Whether the last that was started runs. */
    runs: fc.boolean(),
  });

  it('can be taken back wherever it stands: what ran before runs, and nothing else is there', () => {
    fc.assert(
      fc.property(failing, choices, ({ cut, runs, scale, ...deploy }, stream) => {
        const numbers = Array.from({ length: scale }, (_, index) => `web-${index + 1}`);
        const built = buildWorld({
          services: { web: { image: 'two', scale, healthcheck: true, deploy } },
          containers: Object.fromEntries(numbers.map((key) => [key, { was: { image: 'one' } }])),
        });
        const host = hostOf(built);
        const before = host.state.containers.map(({ id }) => id).sort();
        const order = linearize(up(built, host, {}), chooser(stream));
        const end = order.findIndex(({ operation }) => operation.kind === 'remove-container');
        host.apply({ ...up(built, host, {}) }, order.slice(0, cut % (end + 1)));
        if (!runs) host.endLast();
        const web = built.model.services['web']!;
        const back = planRollback(built.model, host.state, web, {});
        host.apply(back, linearize(back, chooser(stream)));
        expect(host.state.containers.map(({ id, state }) => `${id} ${state}`).sort()).toEqual(
          before.map((id) => `${id} running`),
        );
      }),
      { numRuns: 300 },
    );
  });
});

describe('every plan of down', () => {
  it('leaves nothing, and stops dependents first', () => {
    fc.assert(
      fc.property(scenario, choices, fc.boolean(), ([words], stream, withModel) => {
        const built = buildWorld(words);
        const host = hostOf(built);
        const plan = planDown(withModel ? built.model : undefined, host.state, {
          removeOrphans: true,
          volumes: true,
        });
        host.apply(plan, linearize(plan, chooser(stream)));
        expect(host.state).toMatchObject({ containers: [], networks: [], volumes: [] });
      }),
    );
  });
});
