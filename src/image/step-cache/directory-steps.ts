// Steps of builds in a directory: an OCI image layout whose one manifest is the cache. What was there of an older one
// stays until its blobs are wanted no more; the index is replaced last, so that a reader finds a whole one.

import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, mkdir, readdir, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { TcError } from '../../base/error.ts';
import { listLayout, readLayoutDirectory } from '../archive/oci-layout.ts';
import { writeDurably } from '../content/durable.ts';
import { ignoreAbsent } from '../content/files.ts';
import type { StoreContext } from '../context.ts';
import { type Descriptor, malformed, parseDescriptor, parseJsonObject } from '../descriptor.ts';
import { type Digest, digestOf, hexOf } from '../digest.ts';
import { formatIndex } from '../manifest.ts';
import { ociManifest } from '../media-type.ts';
import type { OpenedSteps, StepManifest } from './place.ts';
import { readSteps } from './steps-document.ts';

export async function openDirectorySteps(directory: string): Promise<OpenedSteps> {
  const reader = readLayoutDirectory(directory, directory);
  const [entry] = await listLayout(reader);
  if (entry === undefined) throw malformed(directory, 'its index names nothing');
  const read = async (blob: Descriptor): Promise<Uint8Array> => {
    const bytes = await reader.readDocument(blobName(blob.digest));
    if (bytes !== undefined && digestOf(bytes) === blob.digest) return bytes;
    throw malformed(directory, `blob ${blob.digest} is missing, or its content is not what its digest says`);
  };
  const manifest = parseJsonObject(await read(entry.descriptor), directory);
  const config = parseDescriptor(manifest['config'], `${directory}: config`);
  return {
    steps: readSteps(manifest, await read(config), directory),
    source: (blob) => reader.source(blobName(blob.digest)),
    close: () => undefined,
  };
}

export async function writeDirectorySteps(
  { content }: StoreContext,
  directory: string,
  { bytes, config, configBytes, layers }: StepManifest,
): Promise<void> {
  await refuseOther(directory);
  const blobs = join(directory, 'blobs/sha256');
  await mkdir(blobs, { recursive: true });
  const path = (digest: Digest) => join(blobs, hexOf(digest));
  for (const { digest, size } of layers) {
    if ((await stat(path(digest)).catch(ignoreAbsent))?.size === size) continue;
    const temporary = `${path(digest)}.${randomUUID()}.tmp`;
    await copyFile(content.path(digest), temporary, constants.COPYFILE_FICLONE);
    await rename(temporary, path(digest));
  }
  await writeDurably(path(config.digest), configBytes);
  const manifest = { mediaType: ociManifest, digest: digestOf(bytes), size: bytes.length };
  await writeDurably(path(manifest.digest), bytes);
  await writeDurably(join(directory, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  await writeDurably(join(directory, 'index.json'), formatIndex([manifest]));
  const wanted = new Set([...layers, config, manifest].map(({ digest }) => hexOf(digest)));
  for (const name of await readdir(blobs)) if (!wanted.has(name)) await unlink(join(blobs, name));
}

/** Files that are no cache are never replaced or removed. */
async function refuseOther(directory: string): Promise<void> {
  const names = (await readdir(directory).catch(ignoreAbsent)) ?? [];
  if (names.length === 0) return;
  const isCache =
    names.every((name) => ['blobs', 'index.json', 'oci-layout'].includes(name)) &&
    (await openDirectorySteps(directory).then(
      ({ steps }) => steps.length > 0,
      () => false,
    ));
  if (isCache) return;
  throw new TcError(`${directory} is not empty, and holds something else than a build cache`, {
    code: 'build-cache',
    hints: ['name a directory that does not exist yet, or an empty one'],
  });
}

function blobName(digest: Digest): string {
  return `blobs/sha256/${hexOf(digest)}`;
}
