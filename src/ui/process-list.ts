// The output of `top`: the columns of `ps -ef`, as `docker top` has them, behind service and replica.

import type { ContainerProcess } from '../engine/ports.ts';
import type { ObservedContainer } from '../plan/observed-state.ts';
import { hideControls } from './printable.ts';
import { renderTable } from './table.ts';

export interface ProcessGroup {
  readonly container: Pick<ObservedContainer, 'service' | 'number'>;
  readonly processes: readonly ContainerProcess[];
}

const header = ['SERVICE', '#', 'UID', 'PID', 'PPID', 'C', 'STIME', 'TTY', 'TIME', 'CMD'];

/** Empty without processes. `now` is in milliseconds since the epoch. */
export function renderProcesses(groups: readonly ProcessGroup[], now: number): string {
  const rows = groups.flatMap(({ container, processes }) =>
    processes.map((process) => [
      container.service,
      String(container.number),
      process.user ?? String(process.uid),
      String(process.pid),
      String(process.parentPid),
      String(usedPercent(process, now)),
      formatStart(process.startedAt, now),
      process.terminal ?? '?',
      formatCpuTime(process.cpuSeconds),
      hideControls(process.command),
    ]),
  );
  return rows.length === 0 ? '' : renderTable([header, ...rows], { minimumWidth: 0 });
}

/** Of the processors' time since it started. */
function usedPercent({ cpuSeconds, startedAt }: ContainerProcess, now: number): number {
  const elapsed = (now - Date.parse(startedAt)) / 1000;
  return elapsed > 0 ? Math.floor((100 * cpuSeconds) / elapsed) : 0;
}

const dayMs = 86_400_000;
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** The time of day, the day of an earlier one, the year of an old one: local, as ps prints them. */
function formatStart(startedAt: string, now: number): string {
  const start = new Date(startedAt);
  if (start.getFullYear() !== new Date(now).getFullYear()) return String(start.getFullYear());
  if (now - start.getTime() >= dayMs) return `${months[start.getMonth()]}${twoDigits(start.getDate())}`;
  return `${twoDigits(start.getHours())}:${twoDigits(start.getMinutes())}`;
}

function formatCpuTime(seconds: number): string {
  const whole = Math.floor(seconds);
  return [whole / 3600, (whole / 60) % 60, whole % 60].map((part) => twoDigits(Math.floor(part))).join(':');
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
