// Makes a container on disk: leases, record, configuration, volumes. Nothing of it runs, nothing in the kernel is made.
// The directory is filled under a temporary name, locked from birth; the final rename is what makes the container exist.

import { closeSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bug } from '../../base/error.ts';
import { createId } from '../../base/id.ts';
import { unless } from '../../base/system-error.ts';
import type { Warning } from '../../base/warning.ts';
import type { ResolvedImage } from '../../image/image.ts';
import type { RecordedService } from '../../plan/observed-state.ts';
import type { OperationOf } from '../../plan/operation.ts';
import type { ServiceConfig } from '../../project/service-config.ts';
import { computeContainer } from '../../runtime/container.ts';
import type {
  AccountFiles,
  ContainerBundle,
  ContainerIdentity,
  HostFacts,
  IdRange,
} from '../../runtime/container-input.ts';
import type { NamespaceJoin, SharedType } from '../../runtime/namespaces.ts';
import type { Descriptor } from '../../runtime/native.ts';
import type { OciRuntime } from '../../runtime/oci-runtime.ts';
import type { EngineContext } from '../context.ts';
import { EVENT_LOG_SIZE } from '../event/event-log.ts';
import type { KernelNames } from '../instance/kernel-names.ts';
import type { InstancePaths } from '../instance/paths.ts';
import { lease } from '../network/leases.ts';
import { deriveMac } from '../network/networks.ts';
import {
  type ContainerRecord,
  type EndpointRecord,
  listContainerIds,
  type PortRecord,
  writeContainerRecord,
} from '../record/container-record.ts';
import type { NetworkRecord } from '../record/network-record.ts';
import type { VolumeRecord } from '../record/volume-record.ts';
import { listMounted } from '../volume/mounted-volumes.ts';
import { describeNetwork, findNetworkOwner } from './container-network.ts';
import { type ContainerParts, describeContainer, listVolumes } from './describe-container.ts';
import { discardRemnant } from './discard.ts';
import { type EndpointPlan, listNames, orderEndpoints } from './endpoints.ts';
import { planSecrets } from './file-objects.ts';
import { makeMountSources, makeWritableLayer } from './fill.ts';
import { writeHooks } from './hooks.ts';
import { observeHostResources } from './host-resources.ts';
import type { ProjectIdentity } from './labels.ts';
import { resolveLinkVariables } from './link-variables.ts';
import type { Containers } from './linked-hosts.ts';
import { resolveLogServer } from './log-server.ts';
import { planMounts } from './mount-plan.ts';
import { resolveBind } from './mounts.ts';
import { listShared, type VolumesFrom } from './recorded-mounts.ts';
import { remnantPath } from './remnant.ts';

export interface CreateOrder {
  readonly operation: OperationOf<'create-container'>;
  readonly project: ProjectIdentity;
  readonly image: ResolvedImage;
  readonly accounts: AccountFiles;
  readonly host: HostFacts;
  readonly recorded: RecordedService;
  /** Digests of configs and secrets. */
  readonly files: Readonly<Record<string, string>>;
  readonly seccompProfile?: string;
  readonly idRange?: IdRange;
  readonly runtime?: OciRuntime;
  readonly ports: readonly PortRecord[];
  /** By model key. */
  readonly networks: ReadonlyMap<string, NetworkRecord>;
  /** By model key. */
  readonly volumes: ReadonlyMap<string, VolumeRecord>;
  readonly replaced?: ContainerRecord;
  /** The container whose network namespace it shares. */
  readonly joined?: ContainerRecord;
  readonly joins?: readonly SharedNamespace[];
  /** Layers by the source of a mount of type `image`. */
  readonly images: ReadonlyMap<string, ResolvedImage>;
  /** The instance's, where links set variables. */
  readonly linkable?: Containers;
  /** Containers of the services that those links name. */
  readonly linked?: readonly ContainerRecord[];
  /** In the order of `volumes_from`. */
  readonly volumeSources: readonly VolumesFrom[];
}

/** A namespace of another container that the new one stands in. */
export interface SharedNamespace {
  readonly type: SharedType;
  readonly of: ContainerRecord;
}

export interface CreatedContainer {
  readonly record: ContainerRecord;
  /** Holds the container's lock; the caller's to close. */
  readonly lock: Descriptor;
  readonly warnings: readonly Warning[];
}

export async function createContainer(context: EngineContext, order: CreateOrder): Promise<CreatedContainer> {
  const { paths } = context.instance;
  const id = createContainerId(context);
  const directory = remnantPath(paths, 'creating', id);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const lock = context.native.openDirectory(directory);
  try {
    if (!context.native.tryLock(lock, 'exclusive')) throw bug(`${directory} was locked by somebody else`);
    const { record, warnings } = await fillDirectory(context, order, id, directory);
    renameSync(directory, paths.container(id));
    return { record, lock, warnings };
  } catch (error) {
    await discardRemnant(context, { id, mark: 'creating', directory });
    closeSync(lock);
    throw error;
  }
}

/** Host interfaces carry only some digits of the id: one that would meet a living container's is not used. */
function createContainerId({ instance }: EngineContext): string {
  const taken = new Set(listContainerIds(instance.paths).map((id) => interfaceOf(instance.names, id)));
  for (;;) {
    const id = createId();
    if (!taken.has(interfaceOf(instance.names, id))) return id;
  }
}

/** A command that makes hundreds of containers looks at the ids of all of them as often. */
const interfaces = new WeakMap<KernelNames, Map<string, string>>();
function interfaceOf(names: KernelNames, id: string): string {
  const known = interfaces.get(names) ?? new Map<string, string>();
  interfaces.set(names, known);
  const name = known.get(id) ?? names.hostInterface(id, 0);
  known.set(id, name);
  return name;
}

async function fillDirectory(
  context: EngineContext,
  order: CreateOrder,
  id: string,
  directory: string,
): Promise<{ record: ContainerRecord; warnings: readonly Warning[] }> {
  const { service } = order.operation;
  const { configs, secrets } = order.operation;
  const mounts = planMounts({
    service,
    image: order.image.config,
    volumes: order.operation.volumes,
    configs,
    secrets,
    inherited: order.operation.renewAnonymousVolumes ? {} : (order.replaced?.anonymousVolumes ?? {}),
    images: new Map([...order.images].map(([name, { layers }]) => [name, layers])),
    shared: order.volumeSources.flatMap(listShared),
  });
  const kept = planSecrets({ service, configs, secrets });
  const plans = orderEndpoints(service, order.networks);
  const endpoints = await leaseAll(context, order, id, plans);
  const logServer = await resolveLogServer(service);
  const bundle = computeBundle(context, order, { id, mounts, plans, endpoints, secrets: kept, logServer });
  const record = describeContainer(order, { id, mounts, endpoints, bundle, secrets: kept });
  await writeContainerRecord(directory, record);
  const { image, project } = order;
  const filling = { project: project.name, service: service.name, image, mounts, directory };
  await makeMountSources(context, filling);
  makeWritableLayer(filling);
  writeHooks(directory, service);
  for (const file of bundle.files) writeFileSync(join(directory, file.name), file.content, { mode: 0o644 });
  const documents = {
    'config.json': bundle.config,
    ...(bundle.runtimeConfig && { 'runtime-config.json': bundle.runtimeConfig }),
    'monitor.json': bundle.monitor,
  };
  for (const [name, document] of Object.entries(documents)) {
    writeFileSync(join(directory, name), JSON.stringify(document), { mode: 0o600 });
  }
  return { record, warnings: bundle.warnings };
}

async function leaseAll(
  { native, instance }: EngineContext,
  { operation }: CreateOrder,
  id: string,
  plans: readonly EndpointPlan[],
): Promise<EndpointRecord[]> {
  const { service, name, oneOff } = operation;
  const isBeside = oneOff && !operation.run?.useAliases;
  const naming = { id, name, service: service.name, hostname: service.hostname, isBeside };
  const leases: EndpointRecord[] = [];
  for (const [index, { key, network, config }] of plans.entries()) {
    const order = {
      key,
      network,
      containerId: id,
      mac: config.mac_address ?? (index === 0 ? service.mac_address : undefined) ?? deriveMac(`${id}${key}`),
      names: listNames(naming, config),
      ...(operation.replaces === undefined ? {} : { replaces: operation.replaces.id }),
      ...(config.ipv4_address === undefined ? {} : { ipv4: config.ipv4_address }),
      ...(config.ipv6_address === undefined ? {} : { ipv6: config.ipv6_address }),
    };
    leases.push(await lease(native, instance.paths, order));
  }
  return leases;
}

function computeBundle(
  { instance }: EngineContext,
  order: CreateOrder,
  parts: ContainerParts & { readonly plans: readonly EndpointPlan[]; readonly logServer: string | undefined },
): ContainerBundle {
  const { operation, image, accounts, host, project, seccompProfile } = order;
  const { id, mounts, plans, endpoints, secrets, logServer } = parts;
  const { paths, names } = instance;
  const { name: service } = operation.service;
  return computeContainer({
    service: withLinkVariables(paths, order, endpoints),
    image,
    accounts,
    host,
    identity: describeIdentity(project, operation, id),
    network: describeNetwork(instance, {
      ...order,
      ...findJoinedHostname(paths, order),
      id,
      plans,
      endpoints,
    }),
    joins: describeJoins(paths, order.joins),
    binds: mounts.flatMap((mount) =>
      mount.type === 'image' ? [] : [resolveBind(paths, paths.container(id), mount, service)],
    ),
    imageVolumes: mounts.flatMap((mount) => (mount.type === 'image' ? [mount.volume] : [])),
    secrets,
    ...(logServer === undefined ? {} : { logServer }),
    mountedVolumes: listMounted(paths, listVolumes(mounts)),
    ...observeHostResources(operation.service),
    ...(seccompProfile !== undefined && { seccompProfile }),
    events: {
      file: paths.events,
      maxSize: EVENT_LOG_SIZE,
      ...(operation.oneOff && { oneOff: true }),
    },
    ...(order.idRange !== undefined && { idRange: order.idRange }),
    ...(order.runtime && { runtime: order.runtime }),
    paths: { bundle: paths.container(id), runDir: paths.containerRun(id) },
    table: names.table,
    onEnd: operation.run?.removeOnEnd ? 'remove' : 'keep',
    ...(operation.replaces !== undefined && { isSuccessor: true }),
  });
}

/** Below those of the service itself. */
function withLinkVariables(
  paths: InstancePaths,
  { operation, project, linkable }: CreateOrder,
  endpoints: readonly EndpointRecord[],
): ServiceConfig {
  const { name, service } = operation;
  if (linkable === undefined) return service;
  const linking = { name, project: project.name, endpoints, recorded: service };
  const variables = resolveLinkVariables(paths, linking, linkable);
  return { ...service, environment: { ...variables, ...service.environment } };
}

/** Undefined where it has that file from another container. */
function readHostname(bundle: string): string | undefined {
  return unless(['ENOENT'], () => readFileSync(join(bundle, 'hostname'), 'utf8').trim());
}

function findJoinedHostname(
  paths: InstancePaths,
  { joined }: CreateOrder,
): { readonly joinedHostname?: string } {
  const hostname = joined && readHostname(paths.container(findNetworkOwner(joined)));
  return hostname === undefined ? {} : { joinedHostname: hostname };
}

function describeJoins(paths: InstancePaths, joins: readonly SharedNamespace[] = []): NamespaceJoin[] {
  return joins.map(({ type, of }) => ({
    type,
    control: join(paths.containerRun(of.id), 'ctl'),
    hostname: readHostname(paths.container(of.id)) ?? of.id.slice(0, 12),
  }));
}

export function describeIdentity(
  project: ProjectIdentity,
  { name, service, number }: OperationOf<'create-container'>,
  id: string,
): ContainerIdentity {
  return { id, name, project: project.name, service: service.name, number };
}
