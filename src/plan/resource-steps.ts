// Steps on networks and volumes, and what they wait for.

import { TcError } from '../base/error.ts';
import type { ObservedState, ObservedVolume } from './observed-state.ts';
import type { NodeId } from './operation.ts';
import type { PlanBuilder } from './plan-builder.ts';
import type { StepContext } from './replica-steps.ts';
import type { ResourceDecisions } from './resource-decision.ts';

export interface NetworkSteps {
  readonly created: ReadonlyMap<string, NodeId>;
  /** Old networks that have to go before their successor is made. */
  readonly replaced: readonly { readonly key: string; readonly node: NodeId }[];
}

export function emitNetworks(resources: ResourceDecisions, builder: PlanBuilder): NetworkSteps {
  const created = new Map<string, NodeId>();
  const replaced: { key: string; node: NodeId }[] = [];
  for (const [key, decision] of resources.networks) {
    if (decision.action === 'use') continue;
    const operation = { kind: 'create-network', key, config: decision.config } as const;
    if (decision.action === 'create') {
      created.set(key, builder.add({ operation, cause: { reason: 'missing' } }));
      continue;
    }
    const cause = { reason: 'changed', changes: decision.changes } as const;
    const { id, name } = decision.old;
    const node = builder.add({ operation: { kind: 'remove-network', id, name }, cause });
    replaced.push({ key, node });
    created.set(key, builder.add({ operation, cause, after: [node] }));
  }
  return { created, replaced };
}

export interface VolumeSteps {
  readonly created: ReadonlyMap<string, NodeId>;
  readonly replaced: readonly {
    readonly key: string;
    readonly node: NodeId;
    readonly old: ObservedVolume;
  }[];
}

export function emitVolumes(resources: ResourceDecisions, builder: PlanBuilder): VolumeSteps {
  const created = new Map<string, NodeId>();
  const replaced: VolumeSteps['replaced'][number][] = [];
  for (const [key, decision] of resources.volumes) {
    if (decision.action === 'use') continue;
    const operation = { kind: 'create-volume', key, config: decision.config } as const;
    if (decision.action === 'create') {
      created.set(key, builder.add({ operation, cause: { reason: 'missing' } }));
      continue;
    }
    const cause = { reason: 'changed', changes: decision.changes } as const;
    const { old } = decision;
    const node = builder.add({ operation: { kind: 'remove-volume', name: old.name }, cause });
    replaced.push({ key, node, old });
    created.set(key, builder.add({ operation, cause, after: [node] }));
  }
  return { created, replaced };
}

/** A volume goes when all that mount it are gone. */
export function finishVolumes(volumes: VolumeSteps, steps: StepContext, state: ObservedState): void {
  for (const { key, node, old } of volumes.replaced) {
    for (const id of old.usedBy) {
      const gone = steps.removed.get(id);
      if (gone === undefined) throw resourceInUse({ kind: 'volume', name: old.name, key }, id, steps, state);
      steps.builder.addDependencies(node, [gone]);
    }
  }
}

/** A network goes when its members are gone; one that merely lost its name only if nobody is left in it. */
export function finishNetworks(networks: NetworkSteps, steps: StepContext, state: ObservedState): void {
  const { builder, removed, resources } = steps;
  for (const { key, node } of networks.replaced) {
    const decision = resources.networks.get(key);
    if (decision?.action !== 'replace') continue;
    for (const id of decision.old.members) {
      const gone = removed.get(id);
      if (gone === undefined) {
        throw resourceInUse({ kind: 'network', name: decision.old.name, key }, id, steps, state);
      }
      builder.addDependencies(node, [gone]);
    }
  }
  for (const decision of resources.networks.values()) {
    if (decision.action !== 'create' || decision.renamed === undefined) continue;
    const { id, members, name } = decision.renamed;
    const after = members.map((member) => removed.get(member));
    if (after.some((gone) => gone === undefined)) continue;
    builder.add({
      operation: { kind: 'remove-network', id, name },
      cause: { reason: 'unused' },
      after: after.filter((gone) => gone !== undefined),
    });
  }
}

interface ResourceName {
  readonly kind: 'network' | 'volume';
  readonly name: string;
  readonly key: string;
}

function resourceInUse(
  { kind, name, key }: ResourceName,
  member: string,
  steps: StepContext,
  state: ObservedState,
): TcError {
  const holder = state.containers.find((container) => container.id === member);
  const source = steps.model.positions.at([`${kind}s`, key]);
  const uses = kind === 'network' ? 'is in it' : 'mounts it';
  return new TcError(
    `${kind} ${name} changed and has to be made anew, but ${holder?.name ?? `container ${member}`} ${uses}`,
    {
      code: `${kind}-in-use`,
      hints: [
        holder === undefined
          ? 'stop and remove that container first; it is not part of this project'
          : `remove it first, or include its service in the command${holder.oneOff ? '' : '; --remove-orphans removes orphans'}`,
      ],
      ...(source === undefined ? {} : { source }),
    },
  );
}
