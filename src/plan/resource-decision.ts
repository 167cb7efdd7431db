// What becomes of the networks and volumes that the planned services use.

import { TcError } from '../base/error.ts';
import type { Warning } from '../base/warning.ts';
import type { NetworkConfig, ProjectModel, VolumeConfig } from '../project/model.ts';
import type { ServiceConfig } from '../project/service-config.ts';
import { diffFields } from './field-diff.ts';
import { joinedNetworks } from './joined-networks.ts';
import type { ObservedNetwork, ObservedState, ObservedVolume } from './observed-state.ts';
import type { FieldChange } from './operation.ts';
import type { UpOptions } from './up-options.ts';

export type NetworkDecision =
  | { readonly action: 'use'; readonly id: string }
  /** `renamed`: the network that had the key before. */
  | { readonly action: 'create'; readonly config: NetworkConfig; readonly renamed?: ObservedNetwork }
  | {
      readonly action: 'replace';
      readonly config: NetworkConfig;
      readonly old: ObservedNetwork;
      readonly changes: readonly FieldChange[];
    };

export type VolumeDecision =
  | { readonly action: 'use'; readonly id: string }
  | { readonly action: 'create'; readonly config: VolumeConfig }
  | {
      readonly action: 'replace';
      readonly config: VolumeConfig;
      readonly old: ObservedVolume;
      readonly changes: readonly FieldChange[];
    };

export interface ResourceDecisions {
  readonly networks: ReadonlyMap<string, NetworkDecision>;
  readonly volumes: ReadonlyMap<string, VolumeDecision>;
  readonly warnings: readonly Warning[];
}

export function networkKeys(service: ServiceConfig): string[] {
  return Object.keys(joinedNetworks(service)).sort();
}

export function volumeKeys(service: ServiceConfig): string[] {
  const named = service.volumes.filter((mount) => mount.type === 'volume' && mount.source !== undefined);
  return [...new Set(named.map((mount) => mount.source ?? ''))].sort();
}

/** With `noRecreate` containers are kept as they are, so their networks and volumes must be. */
export function decideResources(
  model: ProjectModel,
  state: ObservedState,
  services: readonly ServiceConfig[],
  options: Pick<UpOptions, 'noRecreate' | 'replaceVolumes'>,
): ResourceDecisions {
  const canReplace = !options.noRecreate;
  const replaced = canReplace ? (options.replaceVolumes ?? []) : [];
  const warnings: Warning[] = [];
  const networks = new Map<string, NetworkDecision>();
  for (const key of new Set(services.flatMap(networkKeys).sort())) {
    const decision = decideNetwork(model, state, key);
    if (decision.action === 'replace' && !canReplace) {
      networks.set(key, { action: 'use', id: decision.old.id });
      warnings.push(keptWarning('network', decision.config.name, decision.changes));
    } else {
      networks.set(key, decision);
    }
  }
  const volumes = new Map<string, VolumeDecision>();
  for (const key of new Set(services.flatMap(volumeKeys).sort())) {
    const decision = decideVolume(model, state, key);
    const isKept =
      decision.action === 'replace' && replaced !== 'all' && !replaced.includes(decision.old.name);
    volumes.set(key, isKept ? { action: 'use', id: decision.old.id } : decision);
    if (isKept) warnings.push(keptWarning('volume', decision.old.name, decision.changes));
  }
  return { networks, volumes, warnings };
}

function decideNetwork(model: ProjectModel, state: ObservedState, key: string): NetworkDecision {
  const config = model.networks[key] ?? defaultNetwork(model, key);
  if (config === undefined) throw undeclared(model, 'network', key);
  if (config.external) {
    const found = state.externalNetworks[config.name];
    if (found === undefined) throw missingExternal(model, 'networks', key, config.name);
    return { action: 'use', id: found.id };
  }
  const existing = state.networks.find((network) => network.name === config.name);
  if (existing === undefined) {
    const renamed = state.networks.find((network) => network.key === key);
    return { action: 'create', config, ...(renamed === undefined ? {} : { renamed }) };
  }
  const changes = diffFields(existing.recorded, config, {
    prefix: ['networks', key],
    at: ['networks', key],
    positions: model.positions,
  });
  return changes.length === 0
    ? { action: 'use', id: existing.id }
    : { action: 'replace', config, old: existing, changes };
}

/** What the loader leaves out where no service names a network: `network_mode: bridge` needs it all the same. */
function defaultNetwork({ name }: ProjectModel, key: string): NetworkConfig | undefined {
  return key === 'default' ? { name: `${name}_default` } : undefined;
}

/** Volumes that exist, and are described otherwise by now: what to ask about before one is replaced. */
export function findChangedVolumes(
  model: ProjectModel,
  state: ObservedState,
): readonly (VolumeDecision & { readonly action: 'replace' })[] {
  const services = Object.values(model.services);
  return [...new Set(services.flatMap(volumeKeys))].sort().flatMap((key) => {
    const config = model.volumes[key];
    if (config === undefined || config.external) return [];
    const decision = decideVolume(model, state, key);
    return decision.action === 'replace' ? [decision] : [];
  });
}

/** Nothing that a user made is lost because a file changed: `replace` is for who has said so. */
function decideVolume(model: ProjectModel, state: ObservedState, key: string): VolumeDecision {
  const config = model.volumes[key];
  if (config === undefined) throw undeclared(model, 'volume', key);
  if (config.external) {
    const found = state.externalVolumes[config.name];
    if (found === undefined) throw missingExternal(model, 'volumes', key, config.name);
    return { action: 'use', id: found.id };
  }
  const existing = state.volumes.find((volume) => volume.name === config.name);
  if (existing === undefined) return { action: 'create', config };
  const changes = diffFields(existing.recorded, config, {
    prefix: ['volumes', key],
    at: ['volumes', key],
    positions: model.positions,
  });
  return changes.length === 0
    ? { action: 'use', id: existing.id }
    : { action: 'replace', config, old: existing, changes };
}

function keptWarning(kind: 'network' | 'volume', name: string, changes: readonly FieldChange[]): Warning {
  const fields = changes.map((change) => change.path.split('.').slice(2).join('.')).join(', ');
  const source = changes.find((change) => change.source !== undefined)?.source;
  return {
    code: `${kind}-differs`,
    message: `${kind} ${name} exists with another ${fields} than the file says; it is used as it is`,
    hint:
      kind === 'volume'
        ? 'to have it made anew, without the data that it holds, run `up -y`'
        : 'to have it made anew, run `up` without --no-recreate',
    ...(source === undefined ? {} : { source }),
  };
}

function missingExternal(
  model: ProjectModel,
  section: 'networks' | 'volumes',
  key: string,
  name: string,
): TcError {
  const kind = section === 'networks' ? 'network' : 'volume';
  const source = model.positions.at([section, key]);
  return new TcError(`${kind} ${name} is declared as external, but does not exist`, {
    code: `external-${kind}-missing`,
    hints: [`create it before, or remove \`external\` from ${section}.${key} to have it made here`],
    ...(source === undefined ? {} : { source }),
  });
}

function undeclared(model: ProjectModel, kind: 'network' | 'volume', key: string): TcError {
  return new TcError(`${kind} ${key} is used but declared nowhere in project ${model.name}`, {
    code: `undeclared-${kind}`,
    hints: [`add ${key} to the top-level ${kind}s`],
  });
}
