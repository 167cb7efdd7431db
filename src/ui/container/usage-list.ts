// The output of `stats`, with the columns, fields and units of `docker stats`.

import type { ContainerUsage } from '../../engine/ports.ts';
import type { ObservedContainer } from '../../plan/observed-state.ts';
import { describeBinarySize, describeSize } from '../human-size.ts';
import { type Listing, renderListing } from '../listing.ts';

export interface UsageRow {
  readonly container: ObservedContainer;
  readonly usage?: ContainerUsage;
  readonly cpuPercent?: number;
}

export interface UsageListOptions {
  /** --format. */
  readonly format?: string;
  readonly noTrunc: boolean;
}

/** A container as `--format` sees it. */
interface UsageView {
  readonly BlockIO: string;
  readonly CPUPerc: string;
  readonly Container: string;
  readonly ID: string;
  readonly MemPerc: string;
  readonly MemUsage: string;
  readonly Name: string;
  readonly NetIO: string;
  readonly PIDs: string;
  readonly Service: string;
}

const unknown = '--';

/** Where the kernel does not count for a cgroup, Docker says 0. */
const nothingCounted = { in: 0, out: 0 };

export function renderUsage(rows: readonly UsageRow[], { format, noTrunc }: UsageListOptions): string {
  const sorted = rows.toSorted((a, b) => compareNames(a.container.name, b.container.name));
  return renderListing(listUsage(sorted.map((row) => viewUsage(row, noTrunc))), format);
}

const compareNames = new Intl.Collator('en', { numeric: true }).compare;

function viewUsage({ container, cpuPercent, usage }: UsageRow, noTrunc: boolean): UsageView {
  const id = noTrunc ? container.id : container.id.slice(0, 12);
  return {
    BlockIO: describeTransfer(usage && (usage.disk ?? nothingCounted)),
    CPUPerc: describePercent(cpuPercent),
    Container: container.id,
    ID: id,
    MemPerc: describePercent(usage?.memory && (100 * usage.memory) / usage.memoryLimit),
    MemUsage: `${describeMemory(usage?.memory)} / ${describeMemory(usage?.memoryLimit)}`,
    Name: container.name,
    NetIO: describeTransfer(usage?.network),
    PIDs: String(usage?.processes ?? unknown),
    Service: container.service,
  };
}

function describeMemory(bytes: number | undefined): string {
  return bytes === undefined ? unknown : describeBinarySize(bytes);
}

function describePercent(value: number | undefined): string {
  return value === undefined ? unknown : `${value.toFixed(2)}%`;
}

function describeTransfer(transfer: ContainerUsage['disk']): string {
  return transfer ? `${describeSize(transfer.in)} / ${describeSize(transfer.out)}` : unknown;
}

function listUsage(rows: readonly UsageView[]): Listing<UsageView> {
  return {
    rows,
    columns: [
      { header: 'CONTAINER ID', cell: (row) => row.ID },
      { header: 'NAME', cell: (row) => row.Name },
      { header: 'CPU %', cell: (row) => row.CPUPerc },
      { header: 'MEM USAGE / LIMIT', cell: (row) => row.MemUsage },
      { header: 'MEM %', cell: (row) => row.MemPerc },
      { header: 'NET I/O', cell: (row) => row.NetIO },
      { header: 'BLOCK I/O', cell: (row) => row.BlockIO },
      { header: 'PIDS', cell: (row) => row.PIDs },
    ],
    headers: {
      BlockIO: 'BLOCK I/O',
      CPUPerc: 'CPU %',
      Container: 'CONTAINER',
      ID: 'CONTAINER ID',
      MemPerc: 'MEM %',
      MemUsage: 'MEM USAGE / LIMIT',
      Name: 'NAME',
      NetIO: 'NET I/O',
      PIDs: 'PIDS',
      Service: 'SERVICE',
    },
    json: 'lines',
  };
}
