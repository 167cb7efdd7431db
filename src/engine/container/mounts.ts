// What a container's mounts are bound from: directories of the host, volumes, files with the content of configs and
// secrets. Planning is pure; `create*` and `write*` are the effects.

import { chmodSync, chownSync, existsSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { TcError } from '../../base/error.ts';
import { createId } from '../../base/id.ts';
import { cleanPath } from '../../base/path.ts';
import { errnoOf } from '../../base/system-error.ts';
import type { ImageConfig } from '../../image/image.ts';
import type { FileObjectConfig } from '../../project/model.ts';
import type { FileReference, MountConfig, ServiceConfig } from '../../project/service-config.ts';
import type { ResolvedBind } from '../../runtime/container-input.ts';
import type { InstancePaths } from '../instance/paths.ts';
import { readVolumeRecord, volumeDataPath } from '../record/volume-record.ts';
import { volumeSource } from '../volume/volumes.ts';

/** A mount whose source is known by name. */
export type PlannedMount =
  | {
      readonly type: 'bind';
      readonly source: string;
      readonly createSource: boolean;
      readonly bind: Omit<ResolvedBind, 'source'>;
    }
  | {
      readonly type: 'volume';
      readonly volume: string;
      readonly anonymous: boolean;
      /** Labels that the mount asks for on an anonymous volume. */
      readonly labels: Readonly<Record<string, string>>;
      readonly subpath?: string;
      readonly copyUp: boolean;
      readonly bind: Omit<ResolvedBind, 'source'>;
    }
  | { readonly type: 'content'; readonly file: ContentFile; readonly bind: Omit<ResolvedBind, 'source'> };

/** A file of the bundle that holds the content of a config or secret. */
export interface ContentFile {
  readonly name: string;
  /** Absolute path to copy, or the content itself. */
  readonly from: { readonly file: string } | { readonly content: string };
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

export interface MountSource {
  readonly service: ServiceConfig;
  readonly image: ImageConfig;
  /** Model volume key -> volume name. */
  readonly volumes: Readonly<Record<string, string>>;
  readonly configs: Readonly<Record<string, FileObjectConfig>>;
  readonly secrets: Readonly<Record<string, FileObjectConfig>>;
  /** Target -> name of the anonymous volume that the replaced container had there. */
  readonly inherited: Readonly<Record<string, string>>;
}

export function planMounts(source: MountSource): PlannedMount[] {
  const { service } = source;
  const named = service.volumes.flatMap((mount) => planMount(mount, source));
  const covered = new Set([...service.volumes.map((mount) => mount.target), ...listTmpfsTargets(service)]);
  const ofImage = Object.keys(source.image.Volumes ?? {})
    .map(cleanPath)
    .filter((target) => !covered.has(target))
    .map((target) => planAnonymous({ type: 'volume', target }, source));
  return [...named, ...ofImage, ...planFiles(source, 'configs'), ...planFiles(source, 'secrets')];
}

function planMount(mount: MountConfig, source: MountSource): PlannedMount[] {
  if (mount.type === 'bind' && mount.source !== undefined) {
    return [
      {
        type: 'bind',
        source: mount.source,
        createSource: mount.bind?.create_host_path !== false,
        bind: {
          target: mount.target,
          readOnly: mount.read_only === true,
          ...(mount.bind?.propagation ? { propagation: mount.bind.propagation } : {}),
          ...(mount.bind?.recursive === 'disabled' ? { recursive: false } : {}),
        },
      },
    ];
  }
  if (mount.type !== 'volume') return [];
  if (mount.source === undefined) return [planAnonymous(mount, source)];
  const name = source.volumes[mount.source];
  if (name === undefined) {
    throw new TcError(`service ${source.service.name}: volume "${mount.source}" is not declared`, {
      code: 'volume-undeclared',
    });
  }
  return [planVolume(mount, name, false)];
}

function planAnonymous(mount: MountConfig, source: MountSource): PlannedMount {
  return planVolume(mount, source.inherited[mount.target] ?? createId(), true);
}

function planVolume(mount: MountConfig, volume: string, anonymous: boolean): PlannedMount {
  const subpath = mount.volume?.subpath;
  return {
    type: 'volume',
    volume,
    anonymous,
    labels: mount.volume?.labels ?? {},
    ...(subpath === undefined ? {} : { subpath }),
    copyUp: mount.volume?.nocopy !== true && subpath === undefined,
    bind: { target: mount.target, readOnly: mount.read_only === true },
  };
}

function listTmpfsTargets(service: ServiceConfig): string[] {
  return (service.tmpfs ?? []).map((entry) => cleanPath(entry.split(':')[0] ?? ''));
}

function planFiles(source: MountSource, kind: 'configs' | 'secrets'): PlannedMount[] {
  return (source.service[kind] ?? []).map((reference, index) => {
    const object = source[kind][reference.source];
    if (object === undefined) {
      throw new TcError(
        `service ${source.service.name}: ${kind.slice(0, -1)} "${reference.source}" is not declared`,
        { code: 'file-object-undeclared' },
      );
    }
    const bind = { target: targetOf(reference, kind), readOnly: true };
    // A plain file is bound as it is, so that an edit shows at once; an owner or a mode needs a copy.
    const isPlain = [reference.uid, reference.gid, reference.mode].every((value) => value === undefined);
    if (object.file !== undefined && isPlain) {
      return { type: 'bind', source: object.file, createSource: false, bind };
    }
    return {
      type: 'content',
      file: {
        name: `${kind}-${index}`,
        from: object.file === undefined ? { content: readContent(object, kind) } : { file: object.file },
        uid: parseOwner(reference.uid),
        gid: parseOwner(reference.gid),
        mode: reference.mode ?? 0o444,
      },
      bind,
    };
  });
}

function targetOf(reference: FileReference, kind: 'configs' | 'secrets'): string {
  const base = kind === 'secrets' ? '/run/secrets' : '/';
  return posix.resolve(base, reference.target ?? reference.source);
}

/** The text of a config or secret that is not in a file. */
export function readContent(object: FileObjectConfig, kind: 'configs' | 'secrets'): string {
  if (object.content !== undefined) return object.content;
  const text = object.environment === undefined ? undefined : process.env[object.environment];
  if (text !== undefined) return text;
  const what = kind.slice(0, -1);
  throw new TcError(
    object.environment === undefined
      ? `${what} "${object.name}" has neither a file nor content`
      : `${what} "${object.name}": environment variable ${object.environment} is not set`,
    { code: 'file-object-content' },
  );
}

function parseOwner(text: string | undefined): number {
  if (text === undefined) return 0;
  if (/^\d+$/.test(text)) return Number(text);
  throw new TcError(`"${text}" is not a numeric user or group id`, { code: 'file-object-owner' });
}

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

/** The mount as the runtime takes it. `bundle` is where content files will be. */
export function resolveBind(
  paths: InstancePaths,
  bundle: string,
  mount: PlannedMount,
  service: string,
): ResolvedBind {
  if (mount.type === 'bind') return { source: mount.source, ...mount.bind };
  if (mount.type === 'content') return { source: join(bundle, mount.file.name), ...mount.bind };
  const record = readVolumeRecord(paths, mount.volume);
  const source = record ? volumeSource(paths, record) : volumeDataPath(paths, mount.volume);
  if (mount.subpath === undefined) return { source, ...mount.bind };
  return { source: resolveSubpath(source, mount.subpath, service), ...mount.bind };
}

/** The part of a volume that is mounted. It must exist, and lie inside whatever links the volume holds. */
function resolveSubpath(data: string, subpath: string, service: string): string {
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
  if (path === root || path.startsWith(`${root}/`)) return path;
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
