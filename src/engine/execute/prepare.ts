// Everything that can fail before anything is made: images, accounts, mounts, ports. A plan that cannot be carried out
// is refused here and changes nothing.

import { existsSync } from 'node:fs';
import { TcError } from '../../base/error.ts';
import type { ResolvedImage } from '../../image/image.ts';
import { formatPlatform, hostPlatform, isRunnable, parsePlatform } from '../../image/platform.ts';
import type { RecordedService } from '../../plan/observed-state.ts';
import type { OperationOf, Plan, PlanNode } from '../../plan/operation.ts';
import { recordService } from '../../plan/recorded.ts';
import type { ProjectModel } from '../../project/model.ts';
import type { ServiceConfig } from '../../project/service-config.ts';
import { computeContainer } from '../../runtime/container.ts';
import type { AccountFiles, ContainerInput, IdRange } from '../../runtime/container-input.ts';
import type { OciRuntime } from '../../runtime/oci-runtime.ts';
import { isRemapped } from '../../runtime/user-namespace.ts';
import { describeIdentity } from '../container/create.ts';
import { locateExternal } from '../container/file-objects.ts';
import { observeHostResources } from '../container/host-resources.ts';
import { chooseIdRange, readSubordinateIds, readUsedIds } from '../container/id-range.ts';
import { planMounts } from '../container/mount-plan.ts';
import { listImageMounts } from '../image/image-mounts.ts';
import type { Images } from '../image/images.ts';
import { createDigest, type DigestedFiles, digestFiles } from '../input/digest.ts';
import { findRuntime, isStoodIn } from '../input/find-runtime.ts';
import { readSeccompProfile } from '../input/seccomp-profile.ts';
import { resolvePortRequests } from '../port/port-request.ts';
import type { SocketOwner } from '../port/socket-pool.ts';
import type { ContainerRecord, PortRecord } from '../record/container-record.ts';
import { findBindAddresses } from './bind-addresses.ts';
import { checkResources } from './check-resources.ts';
import type { Execution } from './execution.ts';
import { checkVolumeSources } from './find-container.ts';
import { atService } from './locate.ts';
import { checkNamespaces } from './shared-namespaces.ts';

export interface PreparedContainer {
  readonly image: ResolvedImage;
  readonly accounts: AccountFiles;
  readonly recorded: RecordedService;
  readonly files: Readonly<Record<string, string>>;
  readonly seccompProfile?: string;
  readonly idRange?: IdRange;
  readonly runtime?: OciRuntime;
  readonly ports: readonly PortRecord[];
  /** By the source of a mount of type `image`. */
  readonly images: ReadonlyMap<string, ResolvedImage>;
}

type Create = OperationOf<'create-container'>;

/** What a request says about the time before its first effect. */
export interface PreparationRequest {
  readonly model?: ProjectModel | undefined;
  readonly keepGoing?: boolean | undefined;
}

export async function prepare(
  execution: Execution,
  plan: Plan,
  request: PreparationRequest & { readonly images: Images },
): Promise<void> {
  const { images, model } = request;
  await checkResources(execution, plan, model);
  for (const node of plan.nodes) {
    const { operation } = node;
    if (operation.kind === 'create-container') {
      await atService({ model, service: operation.service.name }, () =>
        prepareCreate(execution, node, operation, { images, model, plan }),
      );
    }
    if (operation.kind === 'start-container' && 'id' in operation.container) {
      await prepareStart(execution, execution.resolve(operation.container), request);
    }
  }
}

/** With `keepGoing`, a container whose ports are taken fails when its turn comes; the others start. */
async function prepareStart(
  execution: Execution,
  record: ContainerRecord,
  { model, keepGoing }: PreparationRequest,
): Promise<void> {
  const { service } = record;
  const reserved = atService({ model, service }, () => execution.reservePorts(record));
  if (!keepGoing) return reserved;
  execution.unready.delete(record.id);
  await reserved.catch((error) => execution.unready.set(record.id, error));
}

/** After a time in which others had the project: the sockets of what is still to be started. */
export async function reservePortsAgain(
  execution: Execution,
  nodes: readonly PlanNode[],
  request: PreparationRequest,
): Promise<void> {
  const { model } = request;
  for (const { id, operation } of nodes) {
    const prepared = execution.prepared.get(id);
    if (operation.kind === 'create-container' && prepared) {
      const { name: service } = operation.service;
      const owner = ownerOf(execution, operation);
      const reserve = () => execution.sockets.reserveAgain(owner, prepared.ports);
      execution.prepared.set(id, { ...prepared, ports: await atService({ model, service }, reserve) });
    }
    if (operation.kind === 'start-container' && execution.isMade(operation.container)) {
      await prepareStart(execution, execution.resolve(operation.container), request);
    }
  }
}

interface Preparation {
  readonly plan: Plan;
  readonly images: Images;
  readonly model: ProjectModel | undefined;
}

/** Replicas share their ports; a one-off has its own, or none. */
function ownerOf({ project }: Execution, { name, oneOff, service }: Create): SocketOwner {
  return { project: project.name, service: oneOff ? name : service.name };
}

async function prepareCreate(
  execution: Execution,
  node: PlanNode,
  operation: Create,
  { images, model, plan }: Preparation,
): Promise<void> {
  const { service, replaces } = operation;
  const image = await images.resolve(service, model);
  const digest = createDigest(execution.context.instance.key);
  const accounts = images.readAccounts(image);
  checkPlatform(execution, operation, image);
  checkNamespaces(execution, service);
  checkMounts(operation, image);
  checkVolumeSources(execution, service);
  const seccompProfile = readSeccompProfile(service, execution.project.workingDir);
  const idRange = isRemapped(service) ? findIdRange(execution) : undefined;
  const runtime = findRuntimeOf(execution, service);
  const found = { ...(idRange && { idRange }), ...(runtime && { runtime }) };
  checkConfiguration(execution, operation, { image, accounts, seccompProfile, ...found });
  const replaced = replaces && execution.containers.get(replaces.id);
  const owner = ownerOf(execution, operation);
  const requests = resolvePortRequests(service, findBindAddresses(execution, plan, operation));
  execution.prepared.set(node.id, {
    image,
    accounts,
    recorded: recordService(service, digest),
    files: digestFiles(service, listDigested(execution, operation), digest),
    ...(seccompProfile !== undefined && { seccompProfile }),
    ...found,
    images: await resolveImageMounts(service, images, model),
    ports: await execution.sockets.reserve(owner, requests, replaced?.ports),
  });
}

function findRuntimeOf(execution: Execution, service: ServiceConfig): OciRuntime | undefined {
  const found = findRuntime(service);
  if (isStoodIn(service, found)) {
    const message = `service ${service.name}: runtime "${service.runtime}" is not installed here: tcompose's own stands in`;
    execution.warn({ code: 'runtime-stood-in', message });
  }
  return found;
}

/** The same for all containers that one command makes. */
function findIdRange(execution: Execution): IdRange {
  const { context, project, containers, prepared } = execution;
  const mine = [...prepared.values()].map(({ idRange }) => ({ project: project.name, idRange }));
  const claim = { project: project.name, instance: context.instance.id, used: readUsedIds() };
  return chooseIdRange(claim, [...mine, ...containers.values()], readSubordinateIds());
}

/**
 * An image for another platform than was asked for is refused, as Docker does; one for another machine may run all the
 * same: with an emulator, or because its programs are made for another platform than it says.
 */
function checkPlatform(execution: Execution, { service }: Create, { platform }: ResolvedImage): void {
  if (platform === undefined) return;
  const what = `service ${service.name}: image ${service.image} is made for ${formatPlatform(platform)}`;
  if (service.platform !== undefined && !isRunnable(platform, parsePlatform(service.platform))) {
    throw new TcError(`${what}, and not for ${service.platform}, which its platform asks for`, {
      code: 'no-such-platform',
      hints: ['name an image that is made for it, or leave the platform out'],
    });
  }
  const here = hostPlatform();
  if (isRunnable(platform, here)) return;
  execution.warn({
    code: 'image-platform',
    message: `${what}, and this machine is ${formatPlatform(here)}`,
    hint: 'programs of another architecture need an emulator here (the package qemu-user-static)',
  });
}

function listDigested({ context, project }: Execution, operation: Create): DigestedFiles {
  return { ...locateExternal(context.instance.paths, operation), workingDir: project.workingDir };
}

async function resolveImageMounts(
  service: ServiceConfig,
  images: Images,
  model: ProjectModel | undefined,
): Promise<Map<string, ResolvedImage>> {
  const entries = listImageMounts(service, model).map(
    async ([source, of]) => [source, await images.resolve(of, model)] as const,
  );
  return new Map(await Promise.all(entries));
}

/** A bind whose source must be there, and is not. */
function checkMounts(operation: Create, image: ResolvedImage): void {
  const mounts = planMounts({
    ...operation,
    image: image.config,
    inherited: {},
    images: new Map(),
    shared: [],
  });
  const { service } = operation;
  for (const mount of mounts) {
    if (mount.type !== 'bind' || mount.createSource || existsSync(mount.source)) continue;
    throw new TcError(
      `service ${service.name}: ${mount.source}, to be mounted at ${mount.bind.target}, does not exist`,
      { code: 'bind-source-missing', hints: ['create it, or set bind.create_host_path: true'] },
    );
  }
}

/** The whole configuration once, with nothing leased: whatever the runtime would refuse, it refuses here. */
function checkConfiguration(
  execution: Execution,
  operation: Create,
  parts: Pick<ContainerInput, 'image' | 'accounts' | 'seccompProfile' | 'idRange' | 'runtime'>,
): void {
  const { instance } = execution.context;
  const id = '0'.repeat(64);
  computeContainer({
    ...parts,
    service: operation.service,
    host: execution.host(),
    identity: describeIdentity(execution.project, operation, id),
    network: { mode: 'private', endpoints: [], ports: [], isolated: false, hostGateway: '0.0.0.0' },
    binds: [],
    ...observeHostResources(operation.service),
    paths: { bundle: instance.paths.container(id), runDir: instance.paths.containerRun(id) },
    table: instance.names.table,
    onEnd: 'keep',
  });
}
