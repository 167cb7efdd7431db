// What a living monitor does for itself when it ends, and a killed one cannot: leave the networks' `states` and the
// port groups. The protocol of both files is docs/runtime-protocol.md's.

import { closeSync, constants, openSync, writeFileSync, writeSync } from 'node:fs';
import { unless } from '../../base/system-error.ts';
import type { EngineContext } from '../context.ts';
import { isSameFile } from '../lock/file-lock.ts';
import { statesPath } from '../network/names-file.ts';
import { formatGroup, readGroup, selectSet } from '../port/group-file.ts';
import type { ContainerRecord, PortRecord } from '../record/container-record.ts';
import { removeFile } from '../record/json-file.ts';

export async function leaveEverything(context: EngineContext, record: ContainerRecord): Promise<void> {
  const { paths } = context.instance;
  for (const { networkId, slot } of record.endpoints) clearState(statesPath(paths, networkId), slot);
  for (const port of record.ports) await leaveGroup(context, record.id, port);
}

function clearState(path: string, slot: number): void {
  const fd = unless(['ENOENT', 'ENOTDIR'], () => openSync(path, constants.O_WRONLY));
  if (fd === undefined) return;
  writeSync(fd, Uint8Array.of(0), 0, 1, slot);
  closeSync(fd);
}

export async function leaveGroup(
  context: EngineContext,
  containerId: string,
  port: Pick<PortRecord, 'protocol' | 'address' | 'port'>,
): Promise<void> {
  const { native, instance } = context;
  const path = instance.paths.portGroup(port.protocol, port.address, port.port);
  if (!readGroup(path).some((member) => member.containerId === containerId)) return;
  const fd = unless(['ENOENT'], () => openSync(path, constants.O_RDWR));
  if (fd === undefined) return;
  try {
    if (!native.tryLock(fd, 'exclusive')) await native.lock(fd, 'exclusive', true);
    if (!isSameFile(fd, path)) return;
    const left = readGroup(path).filter((member) => member.containerId !== containerId);
    const { protocol, address } = port;
    const slots = selectSet(left).map((member) => ({ address: member.address, port: member.port }));
    const step = slots.length > 0 ? ('set-group' as const) : ('remove-group' as const);
    native.updateFirewall(instance.names.table, [{ step, protocol, address, port: port.port, slots }]);
    // In place: monitors hold the file's lock by its inode.
    if (left.length > 0) writeFileSync(path, formatGroup(left));
    else removeFile(path);
  } finally {
    closeSync(fd);
  }
}
