// Collects the steps of a plan and orders them: dependencies first, no dependency that another one implies.

import { bug } from '../base/error.ts';
import type { Warning } from '../base/warning.ts';
import type { Cause, ContainerRef, NodeId, Operation, Plan, PlanNode, UpdateTraits } from './operation.ts';

interface Draft {
  readonly operation: Operation;
  readonly cause: Cause;
  readonly after: Set<NodeId>;
  readonly group: string | undefined;
  readonly update: UpdateTraits | undefined;
}

export interface Step {
  readonly operation: Operation;
  readonly cause: Cause;
  readonly after?: Iterable<NodeId>;
  readonly group?: string;
}

export class PlanBuilder {
  readonly #drafts: Draft[] = [];
  readonly #warnings: Warning[] = [];
  #update: UpdateTraits | undefined;

  /** Ids are valid for this builder only; `finish` numbers the nodes anew, inside container references too. */
  add(step: Step): NodeId {
    const { operation, cause, group } = step;
    this.#drafts.push({ operation, cause, after: new Set(step.after), group, update: this.#update });
    return this.#drafts.length;
  }

  /** What `emit` adds is a part of this update. */
  during<T>(update: UpdateTraits, emit: () => T): T {
    this.#update = update;
    try {
      return emit();
    } finally {
      this.#update = undefined;
    }
  }

  addDependencies(node: NodeId, after: Iterable<NodeId>): void {
    const draft = this.#draft(node);
    for (const id of after) draft.after.add(id);
  }

  warn(warning: Warning): void {
    this.#warnings.push(warning);
  }

  finish(project: string): Plan {
    const order = this.#sort();
    const renumbered = new Map(order.map((id, index) => [id, index + 1]));
    const renumber = (id: NodeId): NodeId => renumbered.get(id) ?? 0;
    const needed = reduce(order.map((id) => [...this.#draft(id).after].map(renumber)));
    const nodes = order.map((id, index): PlanNode => {
      const { operation, cause, group, update } = this.#draft(id);
      return {
        id: index + 1,
        operation: renumberReferences(operation, renumber),
        cause,
        dependsOn: needed[index] ?? [],
        ...(group === undefined ? {} : { group }),
        ...(update === undefined ? {} : { update }),
      };
    });
    return { project, nodes, warnings: this.#warnings };
  }

  #draft(id: NodeId): Draft {
    const draft = this.#drafts[id - 1];
    if (draft === undefined) throw bug(`plan step ${id} does not exist`);
    return draft;
  }

  /** Topological order that keeps the order of adding where it can. */
  #sort(): NodeId[] {
    const order = new Set<NodeId>();
    const open = new Set<NodeId>();
    const visit = (id: NodeId): void => {
      if (order.has(id)) return;
      if (open.has(id)) throw bug(`plan step ${id} waits for itself`);
      open.add(id);
      for (const on of [...this.#draft(id).after].sort((a, b) => a - b)) visit(on);
      order.add(id);
    };
    for (let id = 1; id <= this.#drafts.length; id += 1) visit(id);
    return [...order];
  }
}

/**
 * Transitive reduction. `after[i]` holds the numbers (from 1) that node i + 1 waits for, all of them smaller than its own.
 */
function reduce(after: readonly (readonly NodeId[])[]): NodeId[][] {
  const words = Math.ceil((after.length + 1) / 32);
  const ancestors: Uint32Array[] = [];
  return after.map((ids) => {
    const reached = new Uint32Array(words);
    const kept: NodeId[] = [];
    for (const id of ids.toSorted((a, b) => b - a)) {
      if (((reached[id >>> 5] ?? 0) >>> (id & 31)) & 1) continue;
      kept.push(id);
      const above = ancestors[id - 1];
      for (let word = 0; word < words; word += 1) {
        reached[word] = (reached[word] ?? 0) | (above?.[word] ?? 0);
      }
      reached[id >>> 5] = (reached[id >>> 5] ?? 0) | (1 << (id & 31));
    }
    ancestors.push(reached);
    return kept.reverse();
  });
}

function renumberReferences(operation: Operation, renumber: (id: NodeId) => NodeId): Operation {
  const renumberOne = (ref: ContainerRef): ContainerRef =>
    'node' in ref ? { node: renumber(ref.node), name: ref.name } : ref;
  if (operation.kind === 'create-container' && operation.prepares) {
    return { ...operation, prepares: renumberOne(operation.prepares) };
  }
  if ('container' in operation) {
    const successor = 'successor' in operation ? operation.successor : undefined;
    return {
      ...operation,
      container: renumberOne(operation.container),
      ...(successor && { successor: renumberOne(successor) }),
    };
  }
  if ('containers' in operation) return { ...operation, containers: operation.containers.map(renumberOne) };
  return operation;
}
