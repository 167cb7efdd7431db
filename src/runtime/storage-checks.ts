// Values of the attributes about files that this runtime does not take: see attribute-checks.ts.

import { TcError } from '../base/error.ts';
import type { FileReference, MountConfig, ServiceConfig } from '../project/service-config.ts';
import { type Finding, NOTHING, unsupported, wrong } from './finding.ts';
import { parseTmpfs } from './mounts.ts';

const MOUNT_TYPES = ['bind', 'volume', 'tmpfs', 'image'];
const PROPAGATIONS = ['', ...['private', 'shared', 'slave'].flatMap((name) => [name, `r${name}`])];
const INSIDE = 'the path inside the container begins with /';

export function volumes(mounts: readonly MountConfig[]): readonly Finding[] {
  return mounts.flatMap((mount, index) => {
    if (!MOUNT_TYPES.includes(mount.type))
      return [unsupported(mount.type, `use ${MOUNT_TYPES.join(', ')}`, [index, 'type'])];
    const found = [...checkBind(mount, index), ...checkSource(mount, index)];
    if (!mount.target.startsWith('/'))
      found.push(wrong(`"${mount.target}" is not an absolute path`, INSIDE, [index]));
    return found;
  });
}

/** As moby checks them (volume/mounts/linux_parser.go): what could not be kept is not promised. */
function checkBind({ bind, read_only: readOnly }: MountConfig, index: number): Finding[] {
  const { propagation = '', recursive } = bind ?? {};
  if (!PROPAGATIONS.includes(propagation)) {
    return [
      wrong(`"${propagation}" is not a propagation`, `use ${PROPAGATIONS.slice(1).join(', ')}`, [index]),
    ];
  }
  const needsReadOnly = recursive === 'readonly' || recursive === 'writable';
  if (needsReadOnly && readOnly !== true) {
    return [wrong(`recursive: ${recursive} is about a read-only mount`, 'add read_only: true', [index])];
  }
  if (recursive === 'readonly' && propagation !== '' && propagation !== 'rprivate') {
    const what = 'recursive: readonly cannot be kept while mounts propagate';
    return [wrong(what, 'leave out propagation, or write rprivate', [index])];
  }
  return [];
}

function checkSource({ type, source }: MountConfig, index: number): Finding[] {
  if (type !== 'image' || source) return [];
  return [
    wrong('a mount of type image has no source', 'name an image, or a service whose image is meant', [index]),
  ];
}

export function tmpfs(entries: readonly string[], service: ServiceConfig): readonly Finding[] {
  return entries.flatMap((entry, index) => {
    try {
      parseTmpfs(entry, service.name);
      return NOTHING;
    } catch (error) {
      if (!(error instanceof TcError)) throw error;
      return [wrong(error.message, error.hints[0], [index])];
    }
  });
}

const LARGEST_ID = 4_294_967_294;

export function fileObjects(references: readonly FileReference[]): readonly Finding[] {
  return references.flatMap(({ uid, gid }, index) =>
    Object.entries({ uid, gid }).flatMap(([name, value]) => {
      if (value === undefined || (/^\d+$/.test(value) && Number(value) <= LARGEST_ID)) return NOTHING;
      return [
        wrong(`"${value}" is not a numeric id`, 'names mean nothing before the container runs', [
          index,
          name,
        ]),
      ];
    }),
  );
}
