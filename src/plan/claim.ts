// What only one container can have at a time: a name, a fixed address, a published port. When one service gives such a
// thing up and another takes it in the same plan, the old holder has to be gone first.

import { TcError } from '../base/error.ts';
import type { ServiceConfig } from '../project/service-config.ts';
import type { ObservedContainer } from './observed-state.ts';
import type { NodeId } from './operation.ts';
import type { PlanBuilder } from './plan-builder.ts';

/** A container that is to be made. */
export interface Claimant {
  readonly service: ServiceConfig;
  readonly name: string;
  /** The container it takes over from: that one hands its things on. */
  readonly replaces: string | undefined;
}

/** Claim -> who wants it. */
export type ClaimIndex = ReadonlyMap<string, readonly Claimant[]>;

export function indexClaims(claimants: readonly Claimant[]): ClaimIndex {
  const index = new Map<string, Claimant[]>();
  for (const claimant of claimants) {
    for (const claim of claimsOf(claimant.service, claimant.name)) {
      const known = index.get(claim);
      if (known) known.push(claimant);
      else index.set(claim, [claimant]);
    }
  }
  return index;
}

export interface Rival {
  readonly claim: string;
  readonly claimant: Claimant;
}

/** Those who want what the container has and will not get it from it. */
export function findRivals(container: ObservedContainer, index: ClaimIndex): Rival[] {
  return claimsOf(container.recorded, container.name).flatMap((claim) =>
    (index.get(claim) ?? [])
      .filter((claimant) => isRival(claim, claimant, container))
      .map((claimant) => ({ claim, claimant })),
  );
}

/**
 * Makes those who want something wait until its holder is removed. Names and addresses of those that stay cannot be had;
 * whether a port can is seen when it is opened.
 */
export function settleClaims(
  containers: readonly ObservedContainer[],
  index: ClaimIndex,
  steps: {
    readonly builder: PlanBuilder;
    readonly removed: ReadonlyMap<string, NodeId>;
    /** Name -> the step that makes the container. */
    readonly created: ReadonlyMap<string, NodeId>;
  },
): void {
  for (const container of containers) {
    const gone = steps.removed.get(container.id);
    for (const { claim, claimant } of findRivals(container, index)) {
      const created = steps.created.get(claimant.name);
      if (gone !== undefined && created !== undefined) steps.builder.addDependencies(created, [gone]);
      else if (!claim.startsWith('port ')) throw inUse(claim, container, claimant);
    }
  }
}

function inUse(claim: string, { name, service }: ObservedContainer, claimant: Claimant): TcError {
  const [kind = '', ...words] = claim.split(' ');
  const holder = kind === 'name' ? `a container of "${service}"` : name;
  return new TcError(
    `service "${claimant.service.name}" needs the ${kind} ${words.at(-1)}, which ${holder} has`,
    {
      code: `${kind}-in-use`,
      hints: [
        `include ${service} in the command, or remove ${name} first; --remove-orphans does if no file has its service`,
      ],
    },
  );
}

/** Replicas share their ports. */
function isRival(claim: string, claimant: Claimant, container: ObservedContainer): boolean {
  const isShared = claim.startsWith('port ') && claimant.service.name === container.service;
  return claimant.replaces !== container.id && !isShared;
}

function claimsOf(service: ServiceConfig, name: string): string[] {
  const addresses = Object.entries(service.networks ?? {}).flatMap(([key, settings]) =>
    [settings?.ipv4_address, settings?.ipv6_address]
      .filter((address) => address !== undefined)
      .map((address) => `address ${key} ${address}`),
  );
  // Of a range each container takes what is free.
  const ports = service.ports
    .filter((port) => /^\d+$/.test(port.published ?? ''))
    .map((port) => `port ${port.protocol} ${port.published}`);
  return [`name ${name}`, ...addresses, ...ports];
}
