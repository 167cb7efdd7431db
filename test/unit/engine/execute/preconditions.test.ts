import { describe, expect, it } from 'vitest';
import { findBrokenPrecondition } from '../../../../src/engine/execute/preconditions.ts';
import type { Snapshot } from '../../../../src/engine/observe/observe.ts';
import type { Operation, PlanNode } from '../../../../src/plan/operation.ts';

const snapshot = (containers: Record<string, string>, resources: string[] = []): Snapshot =>
  ({
    containers: new Map(Object.entries(containers).map(([id, name]) => [id, { id, name }])),
    networks: resources.map((name) => ({ name })),
    volumes: [],
  }) as unknown as Snapshot;

const nodes = (...operations: object[]): PlanNode[] =>
  operations.map((operation, id) => ({
    id,
    operation: operation as Operation,
    cause: { reason: 'missing' },
    dependsOn: [],
  }));

const create = (more = {}) => ({
  kind: 'create-container',
  name: 'p-web-1',
  networks: {},
  volumes: {},
  ...more,
});
const find = (list: PlanNode[], now: Snapshot, done: { created?: [number, string]; removed?: string } = {}) =>
  findBrokenPrecondition(
    {
      project: 'p',
      nodes: list,
      created: new Map(done.created ? [done.created] : []),
      removed: new Map(done.removed ? [[done.removed, true]] : []),
    },
    now,
  );

describe('what a plan relies on', () => {
  it('holds while everything it names is there', () => {
    const list = nodes(
      { kind: 'start-container', container: { id: 'a', name: 'p-a-1' } },
      {
        kind: 'await-condition',
        containers: [
          { id: 'a', name: 'p-a-1' },
          { node: 7, name: 'p-b-1' },
        ],
      },
      create({ networks: { default: 'p_default' } }),
    );
    expect(find(list, snapshot({ a: 'p-a-1' }, ['p_default']))).toBeUndefined();
  });

  it('is broken by a container that is gone, created by the plan or not', () => {
    const list = nodes({ kind: 'stop-container', container: { id: 'a', name: 'p-a-1' } });
    expect(find(list, snapshot({}))).toBe('container p-a-1 is gone');
    expect(find([], snapshot({}), { created: [0, 'abcdef0123456789'] })).toMatch(/abcdef012345.*is gone/);
  });

  it('is broken by a container that took the name, unless it is the one to be replaced', () => {
    expect(find(nodes(create()), snapshot({ x: 'p-web-1' }))).toBe('container p-web-1 exists by now');
    const replacing = create({ replaces: { id: 'x', name: 'p-web-1' } });
    expect(find(nodes(replacing), snapshot({ x: 'p-web-1' }))).toBeUndefined();
    expect(find(nodes(replacing), snapshot({}))).toBe('container p-web-1 is gone');
    expect(find(nodes(replacing), snapshot({}), { removed: 'x' })).toBeUndefined();
  });

  it('is broken by a missing network, unless the plan itself makes it', () => {
    const needy = create({ networks: { default: 'p_default' } });
    expect(find(nodes(needy), snapshot({}))).toBe('p_default, which p needs, is gone');
    const making = { kind: 'create-network', config: { name: 'p_default' } };
    expect(find(nodes(making, needy), snapshot({}))).toBeUndefined();
  });
});
