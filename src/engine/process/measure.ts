// What a container uses, read from its cgroups and its network namespace: nothing runs in it, nobody is asked.

import { readFileSync, readlinkSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { unless } from '../../base/system-error.ts';
import type { ObservedContainer } from '../../plan/observed-state.ts';
import type { CgroupSpec } from '../../runtime/monitor-spec.ts';
import { readCgroup } from '../container/stop.ts';
import type { InstancePaths } from '../instance/paths.ts';
import type { ContainerUsage, Transfer } from '../ports.ts';
import { countNetwork, countUsage, type ReadCounter, readMemoryLimit } from './usage-files.ts';

const NANOSECONDS_PER_MILLISECOND = 1e6;

export function measureContainer(
  paths: InstancePaths,
  { id, pid }: ObservedContainer,
): ContainerUsage | undefined {
  const cgroup = pid === undefined ? undefined : readCgroup(paths.container(id));
  if (pid === undefined || cgroup === undefined) return undefined;
  const read = readerOf(cgroup);
  const at = Number(process.hrtime.bigint()) / NANOSECONDS_PER_MILLISECOND;
  const usage = countUsage(read);
  const network = measureNetwork(pid);
  const available = totalmem();
  return {
    at,
    ...usage,
    memoryLimit: readMemoryLimit(read, available) ?? available,
    ...(network && { network }),
  };
}

/** A controller's files are in one of the container's cgroups, of v1 one for each hierarchy. Those above them come first. */
function readerOf({ directories, procs }: CgroupSpec): ReadCounter {
  const own = directories.length === 0 ? [procs] : directories.toReversed();
  return (file) => {
    for (const directory of own) {
      const text = readCounter(join(directory, file));
      if (text !== undefined) return text;
    }
    return undefined;
  };
}

/** Undefined in the host's own network, whose traffic is not the container's. */
function measureNetwork(pid: number): Transfer | undefined {
  const namespace = unless(['ENOENT', 'ESRCH', 'EACCES'], () => readlinkSync(`/proc/${pid}/ns/net`));
  if (namespace === undefined || namespace === readlinkSync('/proc/self/ns/net')) return undefined;
  const text = readCounter(`/proc/${pid}/net/dev`);
  return text === undefined ? undefined : countNetwork(text);
}

function readCounter(path: string): string | undefined {
  return unless(['ENOENT', 'ENODEV', 'ESRCH', 'EACCES', 'EOPNOTSUPP'], () => readFileSync(path, 'utf8'));
}
