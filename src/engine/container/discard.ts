// Unmakes what a container holds on disk: leases, directories, the anonymous volumes that nobody else mounts.
// A directory is renamed before it is emptied, so that what is left of an interrupted removal says what it is.

import { renameSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { TcError } from '../../base/error.ts';
import type { EngineContext } from '../context.ts';
import { release } from '../network/leases.ts';
import { type ContainerRecord, listContainerIds, readContainerRecord } from '../record/container-record.ts';
import { readJsonFile } from '../record/json-file.ts';
import { listNetworkRecords } from '../record/network-record.ts';
import { readVolumeRecord } from '../record/volume-record.ts';
import { removeVolume } from '../volume/volumes.ts';
import { type Remnant, remnantPath } from './remnant.ts';

/** Removes a container that does not run. The caller holds its lock. */
export async function discardContainer(
  context: EngineContext,
  id: string,
  options: { readonly anonymousVolumes: boolean },
): Promise<void> {
  const { paths } = context.instance;
  const mark = options.anonymousVolumes ? 'purging' : 'removing';
  const directory = remnantPath(paths, mark, id);
  renameSync(paths.container(id), directory);
  await discardRemnant(context, { id, mark, directory });
}

/** Finishes a removal, or takes back a creation. The caller holds the directory's lock. */
export async function discardRemnant(context: EngineContext, remnant: Remnant): Promise<void> {
  const { native, instance } = context;
  const { paths } = instance;
  const record = readRemnantRecord(remnant);
  const networks = record?.endpoints.map((endpoint) => endpoint.networkId);
  // Leases are taken before there is a record of them.
  const leased = networks ?? listNetworkRecords(paths).map((network) => network.id);
  for (const networkId of leased) await release(native, paths, networkId, new Set([remnant.id]));
  rmSync(paths.containerRun(remnant.id), { recursive: true, force: true });
  if (record && remnant.mark !== 'removing') await removeUnsharedVolumes(context, record);
  await rm(remnant.directory, { recursive: true, force: true });
}

/** A creation may have been cut off in the middle of its record: what is half written was not acted on yet. */
function readRemnantRecord({ directory, mark }: Remnant): ContainerRecord | undefined {
  try {
    return readJsonFile<ContainerRecord>(join(directory, 'container.json'), 1);
  } catch (error) {
    if (mark === 'creating' && error instanceof TcError && error.code === 'record-damaged') return undefined;
    throw error;
  }
}

/** The replacement of a container inherits its anonymous volumes: they go with the last that mounts them. */
async function removeUnsharedVolumes(context: EngineContext, record: ContainerRecord): Promise<void> {
  const { paths } = context.instance;
  const own = Object.values(record.anonymousVolumes);
  if (own.length === 0) return;
  const mounted = new Set(
    listContainerIds(paths).flatMap((id) => readContainerRecord(paths, id)?.volumes ?? []),
  );
  for (const name of own) {
    if (!mounted.has(name) && readVolumeRecord(paths, name)?.anonymous) await removeVolume(context, name);
  }
}
