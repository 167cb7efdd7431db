// The effects behind a container's mounts: directories of the host, files of the bundle, and where each lies.

import { chmodSync, chownSync, existsSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TcError } from '../../base/error.ts';
import { errnoOf } from '../../base/system-error.ts';
import type { ResolvedBind } from '../../runtime/container-input.ts';
import type { InstancePaths } from '../instance/paths.ts';
import { readVolumeRecord, volumeDataPath } from '../record/volume-record.ts';
import { describeVolumeSource } from '../volume/volume-options.ts';
import type { ContentFile } from './file-objects.ts';
import type { PlannedMount } from './mount-plan.ts';

/** The directory of the host behind a bind, made if the file allows it. */
export function createBindSource(mount: PlannedMount & { readonly type: 'bind' }, service: string): void {
  if (existsSync(mount.source)) return;
  if (!mount.createSource) {
    throw new TcError(
      `service ${service}: ${mount.source}, mounted at ${mount.bind.target}, does not exist`,
      {
        code: 'bind-source-missing',
        hints: ['create it, or set bind.create_host_path: true'],
      },
    );
  }
  try {
    mkdirSync(mount.source, { recursive: true, mode: 0o755 });
  } catch (cause) {
    throw new TcError(`service ${service}: ${mount.source} cannot be created: ${errnoOf(cause)}`, {
      code: 'bind-source-missing',
      kind: 'environment',
      cause,
    });
  }
}

type BoundMount = Exclude<PlannedMount, { readonly type: 'image' }>;

/** The mount as the runtime takes it. `bundle` is where content files will be. */
export function resolveBind(
  paths: InstancePaths,
  bundle: string,
  mount: BoundMount,
  service: string,
): ResolvedBind {
  if (mount.type === 'bind' || mount.type === 'file-object') return { source: mount.source, ...mount.bind };
  if (mount.type === 'content') return { source: join(bundle, mount.file.name), ...mount.bind };
  const data = volumeDataPath(paths, mount.volume);
  const record = readVolumeRecord(paths, mount.volume);
  const { source = data, readOnly, mount: mounted } = record ? describeVolumeSource(record.recorded) : {};
  const bind = readOnly ? { ...mount.bind, readOnly } : mount.bind;
  if (mount.subpath === undefined) return { source, ...bind };
  if (mounted === undefined) checkSubpath(source, mount.subpath, service);
  return { source, ...bind, subpath: mount.subpath };
}

/** Said here in better words; what is mounted is found at the start, and cannot lie elsewhere whatever changes until then. */
function checkSubpath(data: string, subpath: string, service: string): void {
  const root = realpathSync(data);
  let path: string;
  try {
    path = realpathSync(join(root, subpath));
  } catch (cause) {
    throw new TcError(`service ${service}: the volume has no "${subpath}" to mount`, {
      code: 'volume-subpath',
      cause,
    });
  }
  if (path === root || path.startsWith(`${root}/`)) return;
  throw new TcError(`service ${service}: subpath "${subpath}" leads out of the volume`, {
    code: 'volume-subpath',
  });
}

export function writeContentFile(path: string, file: ContentFile, data: string | Buffer): void {
  writeFileSync(path, data, { mode: 0o600, flag: 'wx' });
  // Not by the mode of the creation, which the umask narrows.
  chmodSync(path, file.mode);
  if (file.uid !== 0 || file.gid !== 0) chownSync(path, file.uid, file.gid);
}
