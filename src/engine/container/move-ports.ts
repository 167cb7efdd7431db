// Gives a container that does not run other published ports than it had.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MonitorSpec } from '../../runtime/monitor-spec.ts';
import type { InstancePaths } from '../instance/paths.ts';
import { type ContainerRecord, containerRecordPath, type PortRecord } from '../record/container-record.ts';
import { writeJsonFile, writeVolatileFile } from '../record/json-file.ts';

/** The record with the new ports, which are as many as the old. The caller holds the container's lock. */
export async function movePorts(
  paths: InstancePaths,
  record: ContainerRecord,
  ports: readonly PortRecord[],
): Promise<ContainerRecord> {
  const path = join(paths.container(record.id), 'monitor.json');
  const monitor = JSON.parse(readFileSync(path, 'utf8')) as MonitorSpec;
  const published = monitor.network.ports.map((old, index) => {
    const { protocol, address, port } = ports[index] ?? old;
    return { ...old, port, group: paths.portGroup(protocol, address, port) };
  });
  const network = { ...monitor.network, ports: published };
  writeVolatileFile(path, JSON.stringify({ ...monitor, network }));
  const moved = { ...record, ports };
  await writeJsonFile(containerRecordPath(paths, record.id), moved);
  return moved;
}
