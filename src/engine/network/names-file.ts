// `<run>/networks/<id>/names`: who is on a network and what it is called. Written here, read by every monitor's DNS
// for each query; also the index of the network's leases. Format: docs/runtime-protocol.md, Files.

import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { TcError } from '../../base/error.ts';
import { unless } from '../../base/system-error.ts';
import type { InstancePaths } from '../instance/paths.ts';
import { writeVolatileFile } from '../record/json-file.ts';

export interface NamedEndpoint {
  readonly slot: number;
  readonly containerId: string;
  readonly ipv4?: string;
  readonly ipv6?: string;
  /** Lower case, at least one; the first answers reverse look-ups. */
  readonly names: readonly string[];
}

const HEADER = 'tcompose-names 1';

export function formatNames(endpoints: readonly NamedEndpoint[]): string {
  const lines = [...endpoints].sort((a, b) => a.slot - b.slot).map(lineOf);
  return `${[HEADER, ...lines].join('\n')}\n`;
}

/** Kept, as the file is written anew for each container that joins. */
const formatted = new WeakMap<NamedEndpoint, string>();
function lineOf(endpoint: NamedEndpoint): string {
  const known = formatted.get(endpoint);
  if (known !== undefined) return known;
  const { slot, containerId, ipv4 = '-', ipv6 = '-', names } = endpoint;
  const line = `${slot} ${containerId} ${ipv4} ${ipv6} ${names[0]} ${names.join(',')}`;
  formatted.set(endpoint, line);
  return line;
}

export function parseNames(text: string, path: string): NamedEndpoint[] {
  const [header, ...lines] = text.split('\n');
  if (header !== HEADER) {
    throw new TcError(`${path} begins with "${header}", not with "${HEADER}"`, {
      code: 'record-too-new',
      kind: 'environment',
      hints: ['a newer tcompose wrote it: use that one'],
    });
  }
  return lines
    .filter((line) => line !== '')
    .map((line) => {
      const [slot, containerId = '', ipv4 = '-', ipv6 = '-', primary = '', names = ''] = line.split(' ');
      return {
        slot: Number(slot),
        containerId,
        ...(ipv4 === '-' ? {} : { ipv4 }),
        ...(ipv6 === '-' ? {} : { ipv6 }),
        names: names === '' ? [primary] : names.split(','),
      };
    });
}

function namesPath(paths: InstancePaths, networkId: string): string {
  return join(paths.networkRun(networkId), 'names');
}

export function statesPath(paths: InstancePaths, networkId: string): string {
  return join(paths.networkRun(networkId), 'states');
}

/** As this process last wrote it: one command leases many addresses, one after the other. */
interface Written {
  readonly stamp: string;
  readonly endpoints: readonly NamedEndpoint[];
}
const written = new Map<string, Written>();

/** Changes with every replacement: another file, or the same inode used again at another time. */
function stampOf(path: string): string | undefined {
  const status = statSync(path, { bigint: true, throwIfNoEntry: false });
  return status && `${status.ino} ${status.mtimeNs} ${status.ctimeNs} ${status.size}`;
}

/** Undefined: there is no such file, as after a reboot. */
export function readNames(paths: InstancePaths, networkId: string): readonly NamedEndpoint[] | undefined {
  const path = namesPath(paths, networkId);
  const known = written.get(path);
  if (known && stampOf(path) === known.stamp) return known.endpoints;
  const text = unless(['ENOENT', 'ENOTDIR'], () => readFileSync(path, 'utf8'));
  return text === undefined ? undefined : parseNames(text, path);
}

/** The caller holds the network's lock. */
export function writeNames(
  paths: InstancePaths,
  networkId: string,
  endpoints: readonly NamedEndpoint[],
): void {
  const path = namesPath(paths, networkId);
  // The network children read it, each under a user of its own; the run directory above is root's alone.
  writeVolatileFile(path, formatNames(endpoints), 0o644);
  const stamp = stampOf(path);
  if (stamp !== undefined) written.set(path, { stamp, endpoints });
}
