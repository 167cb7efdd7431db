// Mounts as a container's record keeps them, and as `volumes_from` takes them from there. Pure.

import type { ContainerRecord, RecordedMount } from '../record/container-record.ts';
import type { PlannedMount } from './mount-plan.ts';

/** One entry of `volumes_from`, with the container that it names. */
export interface VolumesFrom {
  readonly record: ContainerRecord;
  /** Named by its service, not by `container:`. */
  readonly isService: boolean;
  readonly readOnly: boolean;
}

export interface VolumesFromEntry {
  readonly kind: 'service' | 'container';
  readonly name: string;
  readonly readOnly: boolean;
}

/** `SERVICE[:ro|rw]` or `container:NAME[:ro|rw]`. */
export function parseVolumesFrom(entry: string): VolumesFromEntry {
  const parts = entry.split(':');
  const isContainer = parts[0] === 'container' && parts.length > 1;
  const [name = '', mode] = isContainer ? parts.slice(1) : parts;
  return { kind: isContainer ? 'container' : 'service', name, readOnly: mode === 'ro' };
}

export function recordMount(mount: PlannedMount): RecordedMount {
  const { target, readOnly, propagation, recursive, writableBelow } = mount.bind;
  return {
    type: mount.type === 'content' || mount.type === 'file-object' ? 'bind' : mount.type,
    source: sourceOf(mount),
    target,
    ...(readOnly ? { readOnly } : {}),
    ...(propagation === undefined ? {} : { propagation }),
    ...(recursive === undefined ? {} : { recursive }),
    ...(writableBelow === undefined ? {} : { writableBelow }),
    ...(mount.type === 'volume' && mount.subpath !== undefined ? { subpath: mount.subpath } : {}),
    ...(mount.type === 'content' || mount.type === 'file-object' ? { fileObject: true } : {}),
  };
}

function sourceOf(mount: PlannedMount): string {
  switch (mount.type) {
    case 'volume':
      return mount.volume;
    case 'content':
      return mount.file.name;
    case 'image':
      return mount.image;
    default:
      return mount.source;
  }
}

/** Volumes and binds of that container; what is a config or a secret stays its own. */
export function listShared({ record, readOnly }: VolumesFrom): PlannedMount[] {
  const anonymous = new Set(Object.values(record.anonymousVolumes));
  return record.mounts.flatMap((mount): PlannedMount[] => {
    if (mount.fileObject || (mount.type !== 'bind' && mount.type !== 'volume')) return [];
    const { type, source, target, subpath, fileObject: _, ...options } = mount;
    const bind = { ...options, target, readOnly: readOnly || options.readOnly === true };
    if (type === 'bind') return [{ type, source, createSource: false, bind }];
    return [
      {
        type: 'volume',
        volume: source,
        anonymous: anonymous.has(source),
        labels: {},
        ...(subpath === undefined ? {} : { subpath }),
        copyUp: false,
        bind,
      },
    ];
  });
}
