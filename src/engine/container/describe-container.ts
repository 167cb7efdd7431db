// What a new container's record says.

import { hashService } from '../../project/config-hash.ts';
import type { ContainerBundle } from '../../runtime/container-input.ts';
import { traitsOf } from '../../runtime/oci-runtime.ts';
import type { ContainerRecord, EndpointRecord, RecordedRuntime } from '../record/container-record.ts';
import { findNetworkOwner } from './container-network.ts';
import type { CreateOrder } from './create.ts';
import type { RecordedSecret } from './file-objects.ts';
import { formatContainerLabels } from './labels.ts';
import { listExposed } from './link-variables.ts';
import type { PlannedMount } from './mount-plan.ts';
import { recordMount } from './recorded-mounts.ts';

export interface ContainerParts {
  readonly id: string;
  readonly mounts: readonly PlannedMount[];
  readonly secrets: readonly RecordedSecret[];
  readonly endpoints: readonly EndpointRecord[];
}

export function describeContainer(
  order: CreateOrder,
  parts: ContainerParts & { readonly bundle: ContainerBundle },
): ContainerRecord {
  const { operation, project, image, recorded } = order;
  const { service, number, oneOff, replaces, run } = operation;
  const idsOf = (records: ReadonlyMap<string, { readonly id: string }>) =>
    Object.fromEntries([...records].map(([key, record]) => [key, record.id]));
  return {
    v: 1,
    id: parts.id,
    name: operation.name,
    project: project.name,
    service: service.name,
    number,
    oneOff,
    ...(run?.removeOnEnd && { onEnd: 'remove' as const }),
    createdAt: new Date().toISOString(),
    image: image.reference,
    command: parts.bundle.config.process.args,
    recorded,
    inputs: {
      imageId: image.id,
      files: order.files,
      networks: idsOf(order.networks),
      volumes: idsOf(order.volumes),
      ...(order.images.size === 0
        ? {}
        : { images: Object.fromEntries([...order.images].map(([name, { id }]) => [name, id])) }),
      ...listSources(order),
    },
    labels: formatContainerLabels({
      project,
      service,
      number,
      oneOff,
      imageId: image.id,
      configHash: hashService(service),
      ...(run === undefined ? {} : { slug: run.slug }),
      ...(replaces === undefined ? {} : { replaces: replaces.id }),
    }),
    workingDir: project.workingDir,
    endpoints: parts.endpoints,
    ports: order.ports,
    exposed: listExposed(service, image.config),
    mounts: parts.mounts.map(recordMount),
    anonymousVolumes: listAnonymous(parts.mounts),
    volumes: listVolumes(parts.mounts),
    ...(parts.secrets.length === 0 ? {} : { secrets: parts.secrets }),
    ...(order.idRange === undefined ? {} : { idRange: order.idRange }),
    ...recordRuntime(order),
    ...(replaces === undefined ? {} : { replaces: replaces.id }),
    ...(order.joined === undefined ? {} : { networkOf: findNetworkOwner(order.joined) }),
  };
}

function recordRuntime({ runtime }: CreateOrder): { readonly runtime?: RecordedRuntime } {
  if (runtime === undefined) return {};
  const { name, path } = runtime;
  return { runtime: { name, path, isOpaque: traitsOf(runtime).isOpaque } };
}

/** Target -> name. */
function listAnonymous(mounts: readonly PlannedMount[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    mounts.flatMap((mount) =>
      mount.type === 'volume' && mount.anonymous ? [[mount.bind.target, mount.volume] as const] : [],
    ),
  );
}

/** By name, each once. */
export function listVolumes(mounts: readonly PlannedMount[]): string[] {
  return [...new Set(mounts.flatMap((mount) => (mount.type === 'volume' ? [mount.volume] : [])))];
}

/** Service -> the container of it whose namespaces or volumes are shared, or of which variables tell. */
function listSources({ joined, joins = [], volumeSources, linked = [] }: CreateOrder) {
  const sources = [
    ...volumeSources.filter(({ isService }) => isService).map(({ record }) => record),
    ...(joined ? [joined] : []),
    ...joins.map(({ of }) => of),
    ...linked,
  ];
  if (sources.length === 0) return {};
  return { sources: Object.fromEntries(sources.map(({ service, id }) => [service, id])) };
}
