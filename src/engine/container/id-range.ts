// The ids of the host that the containers of a project have in their user namespace. A project keeps its range as long as
// it has containers; no two projects of an instance share one, nor do what runs of other instances and other runtimes. On the disk nothing has these ids: layers and volumes are
// mounted with others.

import { readdirSync, readFileSync } from 'node:fs';
import { TcError } from '../../base/error.ts';
import { sha256 } from '../../base/sha256.ts';
import { unless } from '../../base/system-error.ts';
import type { IdRange } from '../../runtime/container-input.ts';
import type { ContainerRecord } from '../record/container-record.ts';

/** What a program may expect to exist: 65534 is nobody. */
const SIZE = 65_536;

/** Whom the host may have set ids aside for, as it has for other runtimes. */
const OWNER = 'tcompose';

/** Nobody hands these out: systemd's documentation, "Users, Groups, UIDs and GIDs on systemd Systems". */
const UNUSED: IdPool = { first: 0x7000_0000, count: 0x0ffd_0000 };

interface IdPool {
  readonly first: number;
  readonly count: number;
}

export interface SubordinateIds {
  /** Text of /etc/subuid. */
  readonly users: string;
  /** Text of /etc/subgid. */
  readonly groups: string;
}

export function readSubordinateIds(): SubordinateIds {
  const read = (path: string) => unless(['ENOENT'], () => readFileSync(path, 'utf8')) ?? '';
  return { users: read('/etc/subuid'), groups: read('/etc/subgid') };
}

type Holder = Pick<ContainerRecord, 'project' | 'idRange'>;

/** First and last ids of the host that user namespaces of living processes have, for users or groups. */
export type UsedIds = readonly { readonly first: number; readonly last: number }[];

/** Looks at every process that this one can see. */
export function readUsedIds(): UsedIds {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const maps = pids.flatMap((pid) =>
    ['uid_map', 'gid_map'].map(
      (name) =>
        unless(['ENOENT', 'ESRCH', 'EACCES'], () => readFileSync(`/proc/${pid}/${name}`, 'utf8')) ?? '',
    ),
  );
  return [...new Set(maps)].flatMap(parseIdMap);
}

/** Of user_namespaces(7). The first namespace has all ids, which says nothing. */
function parseIdMap(text: string): UsedIds {
  return text.split('\n').flatMap((line) => {
    const [, first = 0, count = 0] = line.trim().split(/\s+/).map(Number);
    return count === 0 || count === 0xffff_ffff ? [] : [{ first, last: first + count - 1 }];
  });
}

export interface IdClaim {
  readonly project: string;
  /** Two data roots may have projects of one name. */
  readonly instance: string;
  readonly used: UsedIds;
}

/** The range of the project, or a free one: the same again, where others leave it, when all its containers were gone. */
export function chooseIdRange(
  { project, instance, used }: IdClaim,
  containers: Iterable<Holder>,
  { users, groups }: SubordinateIds,
): IdRange {
  const holders = [...containers].filter((holder) => holder.idRange !== undefined);
  const own = holders.find((holder) => holder.project === project)?.idRange;
  if (own) return own;
  const [uids, gids] = [findPool(users), findPool(groups)];
  const slots = Math.floor(Math.min(uids.count, gids.count) / SIZE);
  const taken = new Set(holders.map(({ idRange }) => idRange?.uid));
  const preferred = Buffer.from(sha256(`${instance}/${project}`), 'hex').readUInt32LE() % Math.max(slots, 1);
  for (let step = 0; step < slots; step++) {
    const offset = ((preferred + step) % slots) * SIZE;
    const range = { uid: uids.first + offset, gid: gids.first + offset, size: SIZE };
    const isSetAside = isFree(range.uid, users) && isFree(range.gid, groups);
    if (!taken.has(range.uid) && isSetAside && isUnused(range, used)) return range;
  }
  throw new TcError(`there is no range of ${SIZE} ids left for the user namespace of project ${project}`, {
    code: 'user-namespace',
    kind: 'environment',
    hints: [`give ${OWNER} more of them in /etc/subuid and /etc/subgid`],
  });
}

function findPool(text: string): IdPool {
  const own = parse(text).find(({ name }) => name === OWNER);
  return own ?? UNUSED;
}

function isUnused({ uid, gid, size }: IdRange, used: UsedIds): boolean {
  const firsts = [uid, gid];
  return used.every(({ first, last }) => firsts.every((own) => own + size <= first || own > last));
}

function isFree(first: number, text: string): boolean {
  return parse(text).every(
    (entry) => entry.name === OWNER || first + SIZE <= entry.first || first >= entry.first + entry.count,
  );
}

/** `name:first:count`, a line each (subuid(5)). */
function parse(text: string): (IdPool & { readonly name: string })[] {
  return text.split('\n').flatMap((line) => {
    const [, name, first, count] = /^([^:#]+):(\d+):(\d+)$/.exec(line.trim()) ?? [];
    return name === undefined ? [] : [{ name, first: Number(first), count: Number(count) }];
  });
}
