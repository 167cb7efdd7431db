// `links` in /etc/hosts, for programs that read nothing else. DNS answers the same names; the file stands before it, so
// it is kept true: written when a container starts, for itself and for those that have a link to it.

import { closeSync, constants, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { unless } from '../../base/system-error.ts';
import type { ServiceConfig } from '../../project/service-config.ts';
import type { InstancePaths } from '../instance/paths.ts';
import type { ContainerRecord } from '../record/container-record.ts';

/** Ends the lines that are ours to replace; everything else in the file may be the container's own doing. */
const MARK = '# link';

export type Containers = ReadonlyMap<string, ContainerRecord>;

/** Of a container that is about to start. */
export function writeLinkedHosts(
  paths: InstancePaths,
  record: ContainerRecord,
  containers: Containers,
): void {
  const lines = formatLinkedHosts(record, containers);
  if (lines.length === 0 && !hasLinks(record)) return;
  const path = join(paths.container(record.id), 'hosts');
  const text = unless(['ENOENT'], () => readFileSync(path, 'utf8'));
  if (text === undefined) return;
  const changed = replaceLinkedHosts(text, lines);
  if (changed !== text) overwrite(path, changed);
}

/** Of those that have a link to a container which has started. */
export function updateLinkedHosts(
  paths: InstancePaths,
  started: ContainerRecord,
  containers: Containers,
): void {
  for (const record of containers.values()) {
    if (record.id === started.id || !hasLinks(record)) continue;
    if (listLinks(record).some(({ name }) => isCalled(started, name, record))) {
      writeLinkedHosts(paths, record, containers);
    }
  }
}

/** Pure. `ADDRESS\tALIAS NAME...`, one line a linked container and address family that both have in common. */
export function formatLinkedHosts(record: ContainerRecord, containers: Containers): string[] {
  return findLinked(record, containers).flatMap(({ alias, record: linked, addresses }) => {
    const names = [...new Set([alias, linked.id.slice(0, 12), linked.name])].join(' ');
    return addresses.map((address) => `${address}\t${names}\t${MARK}`);
  });
}

type Linking = Pick<ContainerRecord, 'project' | 'endpoints'> & {
  readonly recorded: Pick<ServiceConfig, 'links' | 'external_links'>;
};

/** Pure. Of a service the lowest replica, the newer of two. Addresses: on a network that both have, IPv4 first. */
export function findLinked(
  record: Linking,
  containers: Containers,
): readonly { alias: string; record: ContainerRecord; addresses: readonly string[] }[] {
  return listLinks(record).flatMap(({ name, alias }) => {
    const [linked] = [...containers.values()]
      .filter((other) => !other.oneOff && isCalled(other, name, record))
      .sort((a, b) => a.number - b.number || Date.parse(b.createdAt) - Date.parse(a.createdAt));
    return linked ? [{ alias, record: linked, addresses: sharedAddresses(record, linked) }] : [];
  });
}

/** Pure. */
export function replaceLinkedHosts(text: string, lines: readonly string[]): string {
  const kept = text.split('\n').filter((line) => line !== '' && !line.endsWith(MARK));
  return [...kept, ...lines].map((line) => `${line}\n`).join('');
}

function hasLinks({ recorded }: ContainerRecord): boolean {
  return (recorded.links?.length ?? 0) + (recorded.external_links?.length ?? 0) > 0;
}

function listLinks({ recorded }: Linking): readonly { name: string; alias: string }[] {
  return [...(recorded.links ?? []), ...(recorded.external_links ?? [])].map((link) => {
    const [name = '', alias = name] = link.split(':');
    return { name, alias };
  });
}

/** A link names a service of the project, an external one a container. */
function isCalled(record: ContainerRecord, name: string, by: Linking): boolean {
  return record.name === name || (record.service === name && record.project === by.project);
}

function sharedAddresses(record: Linking, linked: ContainerRecord): string[] {
  const own = new Set(record.endpoints.map((endpoint) => endpoint.networkId));
  const shared = linked.endpoints.find((endpoint) => own.has(endpoint.networkId));
  return [shared?.ipv4, shared?.ipv6].filter((address) => address !== undefined);
}

/** In place: the container has this very file mounted. Whoever reads meanwhile sees old lines or new ones. */
function overwrite(path: string, text: string): void {
  const fd = openSync(path, constants.O_WRONLY | constants.O_NOFOLLOW);
  try {
    const bytes = Buffer.from(text);
    writeSync(fd, bytes, 0, bytes.length, 0);
    ftruncateSync(fd, bytes.length);
  } finally {
    closeSync(fd);
  }
}
