// Volumes that are file systems of their own (`driver_opts`): mounted on `_data` with the first user, unmounted with the
// last. Every monitor of a user holds a shared lock of the volume's directory; who gets an exclusive one knows that there
// is none, so a lock that a killed process dropped misleads nobody.

import { lookup } from 'node:dns/promises';
import { join } from 'node:path';
import { TcError } from '../../base/error.ts';
import { errnoOf, unless } from '../../base/system-error.ts';
import type { Descriptor } from '../../runtime/native.ts';
import type { EngineContext } from '../context.ts';
import type { InstancePaths } from '../instance/paths.ts';
import { openLockFile } from '../lock/file-lock.ts';
import { readVolumeRecord, type VolumeRecord, volumeDataPath } from '../record/volume-record.ts';
import {
  blameOption,
  describeVolumeSource,
  findServer,
  type VolumeMount,
  withAddress,
} from './volume-options.ts';

/** Of these volumes, the directories of those that have to be mounted. */
export function listMounted(paths: InstancePaths, names: readonly string[]): string[] {
  return names.filter((name) => mountOf(readVolumeRecord(paths, name)) !== undefined).map(paths.volume);
}

function mountOf(record: VolumeRecord | undefined): VolumeMount | undefined {
  return record && describeVolumeSource(record.recorded).mount;
}

/** Runs `action` while the volumes are mounted. Those that nobody else uses by then are unmounted again. */
export async function withMountedVolumes<T>(
  context: EngineContext,
  names: readonly string[],
  action: () => Promise<T>,
): Promise<T> {
  const held: { readonly name: string; readonly lock: Descriptor }[] = [];
  try {
    for (const name of names) {
      const lock = await hold(context, name);
      if (lock !== undefined) held.push({ name, lock });
    }
    return await action();
  } finally {
    for (const { name, lock } of held) {
      await unmountUnused(context, name, lock);
      context.native.close(lock);
    }
  }
}

/** A shared lock, under which the volume is mounted. Undefined: it is a directory like any other. */
async function hold(context: EngineContext, name: string): Promise<Descriptor | undefined> {
  const { native, instance } = context;
  const record = readVolumeRecord(instance.paths, name);
  const mount = mountOf(record);
  if (record === undefined || mount === undefined) return undefined;
  const data = volumeDataPath(instance.paths, name);
  const lock = native.openDirectory(instance.paths.volume(name));
  // Of several first users one mounts. Whoever unmounts holds the volume's own lock, exclusively and for a moment.
  const first = openLockFile(join(instance.paths.volume(name), 'mounting'));
  try {
    await native.lock(first, 'exclusive', true);
    await native.lock(lock, 'shared', true);
    if (!native.isMountPoint(data)) await mountVolume(context, record, mount);
    return lock;
  } catch (error) {
    native.close(lock);
    throw error;
  } finally {
    native.close(first);
  }
}

async function mountVolume({ native, instance }: EngineContext, { name }: VolumeRecord, asked: VolumeMount) {
  const mount = await resolveServer(name, asked);
  const { type, device, flags, data } = mount;
  try {
    await native.mount({ source: device, target: volumeDataPath(instance.paths, name), type, flags, data });
  } catch (cause) {
    throw new TcError(`volume ${name}: ${blameOption(errnoOf(cause), asked)}`, {
      code: 'volume-mount',
      kind: 'environment',
      hints: ["the kernel's log (dmesg) may say more"],
      cause,
    });
  }
}

async function resolveServer(name: string, mount: VolumeMount): Promise<VolumeMount> {
  const server = findServer(mount);
  if (server === undefined) return mount;
  try {
    return withAddress(mount, (await lookup(server)).address);
  } catch (cause) {
    throw new TcError(`volume ${name}: the server "${server}" is not found (${errnoOf(cause)})`, {
      code: 'volume-mount',
      kind: 'environment',
      hints: ["check the name in driver_opts, and this host's DNS"],
      cause,
    });
  }
}

/** `lock`: shared, the caller's. */
async function unmountUnused(
  { native, instance }: EngineContext,
  name: string,
  lock: Descriptor,
): Promise<boolean> {
  if (!native.tryLock(lock, 'exclusive')) return false;
  const data = volumeDataPath(instance.paths, name);
  if (!native.isMountPoint(data)) return false;
  await native.unmount(data);
  return true;
}

/** Unmounts what nobody uses any more: its last user's monitor was killed. Names of what it unmounted. */
export async function unmountAbandoned(
  context: EngineContext,
  volumes: readonly VolumeRecord[],
): Promise<string[]> {
  const { native, instance } = context;
  const done: string[] = [];
  for (const { name, recorded } of volumes) {
    if (recorded.driver_opts === undefined) continue;
    const lock = unless(['ENOENT'], () => native.openDirectory(instance.paths.volume(name)));
    if (lock === undefined) continue;
    try {
      if (await unmountUnused(context, name, lock)) done.push(name);
    } finally {
      native.close(lock);
    }
  }
  return done;
}
