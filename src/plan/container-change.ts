// Whether a container still is what the model wants, and if not, why.

import type { ProjectModel } from '../project/model.ts';
import type { ServiceConfig } from '../project/service-config.ts';
import type { DesiredService, ObservedContainer } from './observed-state.ts';
import type { Cause, FieldChange } from './operation.ts';
import { diffServices } from './recorded.ts';
import {
  type NetworkDecision,
  networkKeys,
  type ResourceDecisions,
  volumeKeys,
} from './resource-decision.ts';

export interface Desired {
  readonly model: ProjectModel;
  readonly service: ServiceConfig;
  readonly inputs: DesiredService;
  readonly resources: ResourceDecisions;
}

/** Undefined: the container is as wanted. */
export function explainDifference(container: ObservedContainer, desired: Desired): Cause | undefined {
  const changes = [
    ...diffServices(container.recorded, desired.inputs.recorded, desired.model.positions),
    ...diffFiles(container, desired),
    ...diffImages(container, desired),
    ...diffNetworks(container, desired),
    ...diffVolumes(container, desired),
  ];
  const [from, to] = [container.inputs.imageId, desired.inputs.imageId];
  if (from === to) return changes.length === 0 ? undefined : { reason: 'changed', changes };
  if (changes.length === 0) return { reason: 'image-changed', from, to };
  const isNamed = changes.some((change) => change.path === 'image');
  return { reason: 'changed', changes: isNamed ? changes : [...changes, { path: 'image', from, to }] };
}

function diffFiles(container: ObservedContainer, desired: Desired): FieldChange[] {
  const [before, after] = [container.inputs.files, desired.inputs.files];
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  // A file that was added or removed shows as a change of the service's own configs or secrets.
  const differing = keys.filter((key) => key in before && key in after && before[key] !== after[key]);
  return differing.map((key) => {
    const source = desired.model.positions.at(splitOnce(key));
    const change = { path: key, from: '(changed)', to: '(changed)' };
    return source === undefined ? change : { ...change, source };
  });
}

/** Of mounts; one that was added or removed shows as a change of the service's own. */
function diffImages(container: ObservedContainer, { inputs, model, service }: Desired): FieldChange[] {
  const [before = {}, after = {}] = [container.inputs.images, inputs.images];
  return service.volumes.flatMap((mount, index): FieldChange[] => {
    const [from, to] = [before[mount.source ?? ''], after[mount.source ?? '']];
    if (mount.type !== 'image' || from === undefined || to === undefined || from === to) return [];
    const source = model.positions.at(['services', service.name, 'volumes', index]);
    const change = { path: `volumes.${mount.target}`, from: shortId(from), to: shortId(to) };
    return [source === undefined ? change : { ...change, source }];
  });
}

/** `configs.a.b` -> `configs`, `a.b`: keys may contain dots. */
function splitOnce(path: string): [string, string] {
  const dot = path.indexOf('.');
  return [path.slice(0, dot), path.slice(dot + 1)];
}

/** Networks that were added or removed show as a change of the service itself. */
function diffNetworks(container: ObservedContainer, desired: Desired): FieldChange[] {
  return networkKeys(desired.service).flatMap((key) => {
    const joined = container.inputs.networks[key];
    const decision = desired.resources.networks.get(key);
    return joined && decision ? diffNetwork(key, joined, decision, desired) : [];
  });
}

function diffNetwork(
  key: string,
  joined: string,
  decision: NetworkDecision,
  { model }: Desired,
): readonly FieldChange[] {
  if (decision.action === 'replace') return decision.changes;
  if (decision.action === 'use') {
    if (decision.id === joined) return [];
    return [{ path: `networks.${key}`, from: shortId(joined), to: shortId(decision.id) }];
  }
  if (decision.renamed === undefined)
    return [{ path: `networks.${key}`, from: shortId(joined), to: '(new)' }];
  const source = model.positions.at(['networks', key, 'name']);
  const change = { path: `networks.${key}.name`, from: decision.renamed.name, to: decision.config.name };
  return [source === undefined ? change : { ...change, source }];
}

function diffVolumes(container: ObservedContainer, desired: Desired): FieldChange[] {
  return volumeKeys(desired.service).flatMap((key): FieldChange[] => {
    const mounted = container.inputs.volumes[key];
    const decision = desired.resources.volumes.get(key);
    if (mounted === undefined || decision === undefined) return [];
    if (decision.action === 'use' && decision.id === mounted) return [];
    if (decision.action === 'replace') return [...decision.changes];
    const to = decision.action === 'use' ? shortId(decision.id) : '(new)';
    return [{ path: `volumes.${key}`, from: shortId(mounted), to }];
  });
}

/** Ids as Docker shortens them, digests without their algorithm. */
export function shortId(id: string): string {
  const hex = id.startsWith('sha256:') ? id.slice('sha256:'.length) : id;
  return /^[0-9a-f]{13,}$/.test(hex) ? hex.slice(0, 12) : id;
}
