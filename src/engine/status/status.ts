// What a container does at the moment: the status of a living monitor, else its last will, else "lost".
// Reading takes no lock and no addon: a status is believed while /proc shows its monitor with the recorded start time.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { unless } from '../../base/system-error.ts';
import type { InstancePaths } from '../instance/paths.ts';
import { readJsonFile, type Versioned, writeVolatileFile } from '../record/json-file.ts';

/** The file `status` and `last`. Shape: docs/runtime-protocol.md, Files. */
export interface MonitorStatus extends Versioned {
  readonly v: 1;
  readonly id: string;
  readonly state: 'created' | 'running' | 'paused' | 'restarting' | 'exited';
  readonly monitorPid?: number;
  readonly monitorStart?: number;
  readonly pid?: number;
  readonly pidStart?: number;
  readonly bootId?: string;
  readonly startedAt?: string;
  readonly finishedAt?: string;
  readonly exitCode?: number;
  readonly signal?: number;
  readonly oomKilled?: boolean;
  readonly error?: string;
  readonly restartCount?: number;
  readonly stoppedBy?: '' | 'user' | 'host';
  readonly droppedLogLines?: number;
  readonly warnings?: readonly string[];
  readonly health?: HealthRecord;
}

export interface HealthRecord {
  readonly status: 'starting' | 'healthy' | 'unhealthy';
  readonly failingStreak?: number;
  readonly log?: readonly {
    readonly start: string;
    readonly end: string;
    readonly exitCode: number;
    readonly output: string;
  }[];
}

export interface ContainerStatus {
  /** The monitor lives. Then, and only then, the control socket answers. */
  readonly alive: boolean;
  /** The monitor died without a last will: the container is to be swept. */
  readonly lost: boolean;
  /** Absent: never started. */
  readonly status?: MonitorStatus;
}

export function statusPath(paths: InstancePaths, id: string): string {
  return join(paths.containerRun(id), 'status');
}

export function lastPath(paths: InstancePaths, id: string): string {
  return join(paths.container(id), 'last');
}

export function readContainerStatus(paths: InstancePaths, id: string): ContainerStatus {
  const status = readJsonFile<MonitorStatus>(statusPath(paths, id), 1);
  if (status && isMonitorAlive(status)) return { alive: true, lost: false, status };
  const last = readJsonFile<MonitorStatus>(lastPath(paths, id), 1);
  if (status === undefined && last === undefined) return readTrace(paths, id);
  if (status === undefined || status.state === 'exited' || status.state === 'created') {
    return { alive: false, lost: false, status: laterOf(status, last) };
  }
  if (last && describesLife(last, status)) return { alive: false, lost: false, status: last };
  return { alive: false, lost: true, status: markLost(status) };
}

/** Before a first start, so that nobody takes the container for one that was lost until its monitor speaks. */
export function writeFirstStatus(paths: InstancePaths, id: string): void {
  const path = statusPath(paths, id);
  const status: MonitorStatus = { v: 1, id, state: 'created' };
  if (!existsSync(path)) writeVolatileFile(path, `${JSON.stringify(status)}\n`);
}

/**
 * A start takes `last` away and a reboot takes `status`: a container with neither never ran, or ran when the host went
 * down. Its overlay tells, in whose work directory the kernel left one of its own.
 */
function readTrace(paths: InstancePaths, id: string): ContainerStatus {
  if (!existsSync(join(paths.container(id), 'work', 'work'))) return { alive: false, lost: false };
  const status: MonitorStatus = {
    v: 1,
    id,
    state: 'exited',
    exitCode: 137,
    signal: 9,
    error: 'host went down',
  };
  return { alive: false, lost: true, status };
}

/** What is recorded for a container whose monitor was killed: the kernel took the container with it. */
export function markLost(status: MonitorStatus): MonitorStatus {
  return {
    ...status,
    state: 'exited',
    exitCode: 137,
    signal: 9,
    error: status.error || 'monitor lost',
    stoppedBy: '',
    pid: undefined,
    health: undefined,
  };
}

function isMonitorAlive(status: MonitorStatus): boolean {
  if (status.monitorPid === undefined || status.monitorStart === undefined) return false;
  if (status.bootId !== undefined && status.bootId !== readBootId()) return false;
  return readStartTime(status.monitorPid) === status.monitorStart;
}

/** Field 22 of /proc/PID/stat, in clock ticks since boot; undefined if there is no such process or it is a zombie. */
export function readStartTime(pid: number): number | undefined {
  const stat = unless(['ENOENT', 'ESRCH'], () => readFileSync(`/proc/${pid}/stat`, 'latin1'));
  if (stat === undefined) return undefined;
  // The second field is the command in parentheses and may contain both blanks and parentheses: proc(5).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
  return Number(fields[19]);
}

let bootId: string | undefined;
function readBootId(): string {
  bootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  return bootId;
}

function laterOf(
  status: MonitorStatus | undefined,
  last: MonitorStatus | undefined,
): MonitorStatus | undefined {
  if (status === undefined || last === undefined) return status ?? last;
  return (last.finishedAt ?? '') >= (status.finishedAt ?? '') ? last : status;
}

/** A monitor writes `last` and then ends; between the two its `status` may still tell of the life that is over. */
function describesLife(last: MonitorStatus, status: MonitorStatus): boolean {
  return last.startedAt === status.startedAt && last.monitorPid === status.monitorPid;
}
