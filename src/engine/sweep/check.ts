// `system check`: compares what the disk says with what the kernel has, both ways, and mends what a crash or a reboot
// left. It touches only what it can lock, and only what carries this instance's mark.

import { existsSync, openSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isId } from '../../base/id.ts';
import { unless } from '../../base/system-error.ts';
import type { CgroupLayout } from '../../runtime/cgroup-layout.ts';
import { isLeftFrozen } from '../container/freeze.ts';
import { listRemnants, type Remnant, remnantOwnerPath, remnantPath } from '../container/remnant.ts';
import type { EngineContext } from '../context.ts';
import { release } from '../network/leases.ts';
import { readNames } from '../network/names-file.ts';
import type { SystemFinding } from '../ports.ts';
import { containerRecordPath, listContainerIds } from '../record/container-record.ts';
import { removeFile } from '../record/json-file.ts';
import { listNetworkRecords } from '../record/network-record.ts';
import { readContainerStatus } from '../status/status.ts';
import { listVolumeRemnants } from '../volume/volumes.ts';
import { findDamagedRecords } from './damaged.ts';
import { findAbandoned } from './needs-sweep.ts';
import { findOrphanCgroups } from './orphan-cgroups.ts';
import { findStaleGroups } from './stale-groups.ts';
import { sweep } from './sweep.ts';

/** Something that does not fit, and what mends it. If that yields false, in the end, somebody alive holds it: not mended. */
export interface Discrepancy {
  readonly what: string;
  readonly why: string;
  repair(): unknown;
}

export async function checkSystem(
  context: EngineContext,
  layout: CgroupLayout,
  options: { readonly repair: boolean },
): Promise<SystemFinding[]> {
  // Nothing else can be compared while a record cannot be read.
  const damaged = await treat(findDamagedRecords(context), options.repair);
  if (damaged.length > 0 && !options.repair) return damaged;
  const found = [...findOrphanCgroups(context, layout), ...findDiscrepancies(context)];
  return [...damaged, ...(await treat(found, options.repair))];
}

async function treat(found: readonly Discrepancy[], repair: boolean): Promise<SystemFinding[]> {
  const findings: SystemFinding[] = [];
  for (const discrepancy of found) {
    const repaired = repair && (await discrepancy.repair()) !== false;
    findings.push({ what: discrepancy.what, why: discrepancy.why, repaired });
  }
  return findings;
}

function findDiscrepancies(context: EngineContext): Discrepancy[] {
  return [
    ...findLostContainers(context),
    ...findFrozenContainers(context),
    ...findRemnants(context),
    ...findStaleGroups(context),
    ...findOrphanLeases(context),
    ...findOrphanLinks(context),
    ...findOrphanRunDirectories(context),
    ...findVolumeRemnants(context),
    ...findAbandonedFiles(context),
  ];
}

function findLostContainers(context: EngineContext): Discrepancy[] {
  const { paths } = context.instance;
  return listContainerIds(paths)
    .filter((id) => readContainerStatus(paths, id).lost)
    .map((id) => ({
      what: `container ${id.slice(0, 12)}`,
      why: 'its monitor was killed; its record still says that it runs',
      repair: async () => (await sweep(context, [id])).length > 0,
    }));
}

function findFrozenContainers(context: EngineContext): Discrepancy[] {
  return listContainerIds(context.instance.paths)
    .filter((id) => isLeftFrozen(context, id))
    .map((id) => ({
      what: `container ${id.slice(0, 12)}`,
      why: 'a commit that was killed left it frozen',
      repair: async () => void (await sweep(context, [id])),
    }));
}

function findRemnants(context: EngineContext): Discrepancy[] {
  const found = listRemnants(context.instance.paths).filter((remnant) => !isBeingBuilt(context, remnant));
  return found.map(({ id, mark }) => ({
    what: `container ${id.slice(0, 12)}`,
    why: `${mark} it was interrupted`,
    repair: async () => void (await sweep(context, [])),
  }));
}

/** Somebody waits for the result of the build step. */
function isBeingBuilt({ native }: EngineContext, remnant: Remnant): boolean {
  const path = remnantOwnerPath(remnant);
  const owner = path === undefined ? undefined : unless(['ENOENT'], () => openSync(path, 'r'));
  if (owner === undefined) return false;
  const isFree = native.tryLock(owner, 'exclusive');
  native.close(owner);
  return !isFree;
}

/** Containers and the commands of build steps: what owns leases, links and run directories. */
function hasOwner({ instance }: EngineContext, id: string): boolean {
  const { paths } = instance;
  return existsSync(paths.container(id)) || existsSync(remnantPath(paths, 'building', id));
}

function findOrphanLeases(context: EngineContext): Discrepancy[] {
  const { native, instance } = context;
  return listNetworkRecords(instance.paths).flatMap((network) => {
    const orphans = (readNames(instance.paths, network.id) ?? [])
      .map((endpoint) => endpoint.containerId)
      .filter((id) => !hasOwner(context, id));
    if (orphans.length === 0) return [];
    return [
      {
        what: `network ${network.name}`,
        why: `${orphans.length} of its addresses are leased to containers that do not exist`,
        repair: () => release(native, instance.paths, network.id, new Set(orphans)),
      },
    ];
  });
}

function findOrphanLinks(context: EngineContext): Discrepancy[] {
  const { native, instance } = context;
  const bridges = new Set(listNetworkRecords(instance.paths).map((record) => record.bridge));
  const steps = listRemnants(instance.paths).filter(({ mark }) => mark === 'building');
  const owners = [...listContainerIds(instance.paths), ...steps.map(({ id }) => id)];
  const veths = new Set(owners.map((id) => instance.names.hostInterface(id, 0).slice(0, -1)));
  return native
    .listLinks()
    .filter(({ name }) => {
      const kind = instance.names.classifyLink(name);
      return kind === 'bridge' ? !bridges.has(name) : kind === 'veth' && !veths.has(name.slice(0, -1));
    })
    .map(({ name }) => ({
      what: `link ${name}`,
      why: 'it belongs to no network and no container of this instance',
      repair: () => native.removeLink(name),
    }));
}

function findOrphanRunDirectories(context: EngineContext): Discrepancy[] {
  const { paths } = context.instance;
  const networks = new Set(listNetworkRecords(paths).map((record) => record.id));
  const list = (kind: string) =>
    (unless(['ENOENT'], () => readdirSync(join(paths.runDir, kind))) ?? []).filter(isId);
  const orphans = [
    ...list('containers')
      .filter((id) => !existsSync(containerRecordPath(paths, id)) && !hasOwner(context, id))
      .map((id) => paths.containerRun(id)),
    ...list('networks')
      .filter((id) => !networks.has(id))
      .map((id) => paths.networkRun(id)),
  ];
  return orphans.map((path) => ({
    what: path,
    why: 'what it belonged to does not exist any more',
    repair: () => rmSync(path, { recursive: true, force: true }),
  }));
}

function findVolumeRemnants(context: EngineContext): Discrepancy[] {
  return listVolumeRemnants(context.instance.paths).map((directory) => ({
    what: directory,
    why: 'the making or the removal of a volume was interrupted',
    repair: async () => void (await sweep(context, [])),
  }));
}

function findAbandonedFiles({ instance }: EngineContext): Discrepancy[] {
  return findAbandoned(instance.paths).map((path) => ({
    what: path,
    why: 'whoever was writing it is dead',
    repair: () => removeFile(path),
  }));
}
