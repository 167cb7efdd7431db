// An empty volume that is mounted over content of the image starts with a copy of that content, as Docker does it: files
// with modes, owners, times, extended attributes, links and devices. The archive roles of tcrun do it, through a pipe:
// they see the image as a container would, and what is in it leads nowhere else.

import { chmodSync, chownSync, fstatSync, ftruncateSync, readdirSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type ArchiveTools, parseAnswer, startRole } from '../../image/layer/role.ts';
import { openLockFile } from '../lock/file-lock.ts';
import { removeFile } from '../record/json-file.ts';

export interface CopyUp {
  /** Absolute directories, topmost first. */
  readonly layers: readonly string[];
  /** In the image. */
  readonly target: string;
  /** The volume's directory, and what is mounted of it. */
  readonly volume: string;
  readonly data: string;
  readonly name: string;
}

const MOST_ENTRIES = 10_000_000;

/**
 * Of several containers that use the volume first, one copies and the others wait. A copy that was cut off has left its
 * mark, and is made once more.
 */
export async function copyImageContent(
  tools: ArchiveTools & { readonly native: { lock: LockDescriptor } },
  copy: CopyUp,
): Promise<void> {
  const mark = join(copy.volume, 'filling');
  const lock = openLockFile(mark);
  try {
    await tools.native.lock(lock, 'exclusive', true);
    const wasCutOff = fstatSync(lock).size > 0;
    if (wasCutOff || isEmpty(copy.data)) {
      writeSync(lock, 'started\n', 0);
      await copyTree(tools, copy);
      ftruncateSync(lock, 0);
    }
    removeFile(mark);
  } finally {
    tools.native.close(lock);
  }
}

type LockDescriptor = (fd: number, mode: 'exclusive', wait: boolean) => Promise<boolean>;

/** `lost+found` is what a new file system holds. */
function isEmpty(data: string): boolean {
  return readdirSync(data).every((name) => name === 'lost+found');
}

async function copyTree(tools: ArchiveTools, { layers, target, data, name }: CopyUp): Promise<void> {
  const [top = '/'] = layers;
  const from = startRole(tools, top, { role: 'tar', arguments: ['below', target, ...layers] });
  const to = startRole(tools, data, { role: 'untar', arguments: [String(MOST_ENTRIES)] });
  const source = new Socket({ fd: from.archive, readable: true, writable: false });
  const sink = new Socket({ fd: to.archive, readable: false, writable: true });
  // What ended one side early is in its answer.
  const copying = pipeline(source, sink).catch(() => undefined);
  const [packed, unpacked] = await Promise.all([from.ended, to.ended, copying]);
  const attributes = parseAnswer(packed, `the content of the image at ${target}`);
  if (attributes['mode'] === undefined) return;
  parseAnswer(unpacked, `the content of volume ${name}`);
  chownSync(data, Number(attributes['uid']), Number(attributes['gid']));
  // After the owner, whose change clears the set-user-id bit.
  chmodSync(data, Number(attributes['mode']));
}
