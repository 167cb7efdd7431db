// Directories as tar: `tcrun tar`.

import { Socket } from 'node:net';
import type { Archiver } from '../../runtime/native.ts';
import { chunkSize } from '../content/files.ts';
import { type ArchiveTools, parseAnswer, type RoleFailure, startRole } from './role.ts';

/** The layer that an overlay's writable directory holds. `latest`: seconds; no file says that it is younger. */
export function packDiff(tools: ArchiveTools, upper: string, latest?: number): AsyncIterable<Uint8Array> {
  const options = latest === undefined ? ['diff'] : ['diff', String(latest)];
  return readRole(
    () => startRole(tools, upper, { role: 'tar', arguments: options }),
    `the changes in ${upper}`,
  );
}

/** The whole tree of several layers: absolute directories, topmost first. */
export function exportRoot(tools: ArchiveTools, layers: readonly string[]): AsyncIterable<Uint8Array> {
  const [top = '/'] = layers;
  return readRole(
    () => startRole(tools, top, { role: 'tar', arguments: ['root', ...layers] }),
    'the file system',
  );
}

/** The tar that a role writes. Whoever stops reading ends the role: it writes to a pipe that nobody reads. */
export async function* readRole(
  start: () => Archiver,
  what: string,
  describe?: (failure: RoleFailure, what: string) => Error,
): AsyncGenerator<Uint8Array, void, undefined> {
  const role = start();
  const pipe = new Socket({
    fd: role.archive,
    readable: true,
    writable: false,
    ...{ readableHighWaterMark: chunkSize },
  });
  try {
    for await (const chunk of pipe) yield chunk;
  } catch (error) {
    await role.ended;
    throw error;
  } finally {
    pipe.destroy();
  }
  parseAnswer(await role.ended, what, describe);
}
