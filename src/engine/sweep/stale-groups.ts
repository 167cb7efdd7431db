// Port groups with members that do not run: their monitor was killed before it had said that it runs, or after it had
// said that it ended. Their slots in the published map lead nowhere.

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { unless } from '../../base/system-error.ts';
import type { EngineContext } from '../context.ts';
import { lockDirectory } from '../lock/file-lock.ts';
import { readGroup } from '../port/group-file.ts';
import { readContainerRecord } from '../record/container-record.ts';
import { readContainerStatus } from '../status/status.ts';
import type { Discrepancy } from './check.ts';
import { leaveGroup } from './membership.ts';

export function findStaleGroups(context: EngineContext): Discrepancy[] {
  const { paths } = context.instance;
  const files = unless(['ENOENT'], () => readdirSync(paths.portGroups)) ?? [];
  return files.flatMap((file) =>
    readGroup(join(paths.portGroups, file)).flatMap(({ containerId }) => {
      const why = describeAbsence(context, containerId);
      if (why === undefined) return [];
      return [{ what: `port ${file}`, why, repair: () => takeOut(context, containerId, file) }];
    }),
  );
}

/** Undefined: it runs, or is found as a container that was lost. */
function describeAbsence({ instance }: EngineContext, id: string): string | undefined {
  const record = readContainerRecord(instance.paths, id);
  if (record === undefined) return `container ${id.slice(0, 12)} does not exist`;
  const { alive, lost } = readContainerStatus(instance.paths, id);
  return alive || lost ? undefined : `container ${record.name} does not run`;
}

/** One that exists is asked for its lock: a monitor that is about to run has it. */
async function takeOut(context: EngineContext, id: string, file: string): Promise<boolean> {
  const { native, instance } = context;
  const port = parseGroupName(file);
  if (port === undefined) return false;
  const directory = instance.paths.container(id);
  const lock = await lockDirectory(native, directory, false);
  if (lock === undefined && existsSync(directory)) return false;
  try {
    await leaveGroup(context, id, port);
    return true;
  } finally {
    if (lock !== undefined) native.close(lock);
  }
}

/** `tcp-127.0.0.1-8080`. */
function parseGroupName(file: string) {
  const [, protocol, address = '', port] = /^(tcp|udp)-(.+)-(\d+)$/.exec(file) ?? [];
  if (protocol === undefined) return undefined;
  return { protocol: protocol as 'tcp' | 'udp', address, port: Number(port) };
}
