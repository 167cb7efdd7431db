// What a container mounts beside the file systems of the kernel: binds, volumes, images, the mounts of others, and
// copies of configs. Pure; secrets, which never become files of the host, are planned in file-objects.ts.

import { posix } from 'node:path';
import { TcError } from '../../base/error.ts';
import { createId } from '../../base/id.ts';
import { cleanPath } from '../../base/path.ts';
import type { ImageConfig } from '../../image/image.ts';
import type { FileObjectConfig } from '../../project/model.ts';
import type { MountConfig, ServiceConfig } from '../../project/service-config.ts';
import type { ImageVolume, ResolvedBind } from '../../runtime/container-input.ts';
import { type ContentFile, planFiles } from './file-objects.ts';

type BindOptions = Omit<ResolvedBind, 'source'>;

/** A mount whose source is known by name. */
export type PlannedMount =
  | {
      readonly type: 'bind';
      readonly source: string;
      readonly createSource: boolean;
      readonly bind: BindOptions;
    }
  | {
      readonly type: 'volume';
      readonly volume: string;
      readonly anonymous: boolean;
      /** Labels that the mount asks for on an anonymous volume. */
      readonly labels: Readonly<Record<string, string>>;
      readonly subpath?: string;
      readonly copyUp: boolean;
      readonly bind: BindOptions;
    }
  /** A file of the bundle. `of` names the config. */
  | { readonly type: 'content'; readonly file: ContentFile; readonly bind: BindOptions }
  /** A file of the host that is a config or a secret. */
  | { readonly type: 'file-object'; readonly source: string; readonly bind: BindOptions }
  | {
      readonly type: 'image';
      readonly image: string;
      readonly bind: BindOptions;
      readonly volume: ImageVolume;
    };

export interface MountSource {
  readonly service: ServiceConfig;
  readonly image: ImageConfig;
  /** Model volume key -> volume name. */
  readonly volumes: Readonly<Record<string, string>>;
  readonly configs: Readonly<Record<string, FileObjectConfig>>;
  readonly secrets: Readonly<Record<string, FileObjectConfig>>;
  /** Target -> name of the anonymous volume that the replaced container had there. */
  readonly inherited: Readonly<Record<string, string>>;
  /** Layers by the source of a mount of type `image`. */
  readonly images: ReadonlyMap<string, readonly string[]>;
  /** What `volumes_from` brings, in its order. */
  readonly shared: readonly PlannedMount[];
}

export function planMounts(source: MountSource): PlannedMount[] {
  const { service } = source;
  const own = service.volumes.flatMap((mount) => planMount(mount, source));
  const ownTargets = new Set([...service.volumes.map(({ target }) => target), ...listTmpfsTargets(service)]);
  // The service's own mounts go before those of others, and of these the later ones.
  const shared = new Map(source.shared.map((mount) => [mount.bind.target, mount]));
  const taken = [...shared.values()].filter(({ bind }) => !ownTargets.has(bind.target));
  const covered = new Set([...ownTargets, ...shared.keys()]);
  const ofImage = Object.keys(source.image.Volumes ?? {})
    .map(cleanPath)
    .filter((target) => !covered.has(target))
    .map((target) => planAnonymous({ type: 'volume', target }, source));
  return [...own, ...taken, ...ofImage, ...planFiles(source)];
}

function planMount(mount: MountConfig, source: MountSource): PlannedMount[] {
  if (mount.type === 'bind' && mount.source !== undefined) {
    const createSource = mount.bind?.create_host_path !== false;
    return [{ type: 'bind', source: mount.source, createSource, bind: planBind(mount) }];
  }
  if (mount.type === 'image') return [planImage(mount, source)];
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

/** `recursive`: as moby, api/types/mount: `disabled` leaves mounts below out, `writable` leaves them writable. */
function planBind(mount: MountConfig): BindOptions {
  const { propagation, recursive } = mount.bind ?? {};
  return {
    target: mount.target,
    readOnly: mount.read_only === true,
    ...(propagation ? { propagation } : {}),
    ...(recursive === 'disabled' ? { recursive: false } : {}),
    ...(recursive === 'writable' ? { writableBelow: true } : {}),
  };
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
    bind: planBind(mount),
  };
}

function planImage(mount: MountConfig, source: MountSource): PlannedMount {
  const image = mount.source ?? '';
  const subpath = mount.image?.subpath;
  const volume = {
    target: posix.normalize(mount.target),
    layers: source.images.get(image) ?? [],
    ...(subpath === undefined ? {} : { subpath }),
  };
  return { type: 'image', image, volume, bind: { target: mount.target, readOnly: true } };
}

export function listTmpfsTargets(service: ServiceConfig): string[] {
  return (service.tmpfs ?? []).map((entry) => cleanPath(entry.split(':')[0] ?? ''));
}
