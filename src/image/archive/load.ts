// `image load`: every image of an archive into the store, under the names that the archive gives.

import type { FileHandle } from 'node:fs/promises';
import { stat } from 'node:fs/promises';
import { TcError } from '../../base/error.ts';
import { type ImageEntry, mergeEntry, type WholeIndex } from '../content/image-index.ts';
import { type StoreContext, withLease } from '../context.ts';
import type { Digest } from '../digest.ts';
import { createEntry } from '../entry.ts';
import { installImage } from '../install.ts';
import { choosePlatform, type Platform } from '../platform.ts';
import type { OnImageEvent } from '../progress.ts';
import { formatReference, parseRegistryReference } from '../reference.ts';
import { openArchive } from './archive-file.ts';
import {
  type ArchiveContent,
  type ArchivedImage,
  isDockerArchive,
  listDockerArchive,
  readDockerImage,
} from './docker-archive.ts';
import {
  type LayoutImage,
  type LayoutIndex,
  type LayoutReader,
  listLayout,
  readLayoutArchive,
  readLayoutDirectory,
  readLayoutImage,
  readWholeIndex,
} from './oci-layout.ts';
import { scanTar } from './tar-scan.ts';

export interface LoadRequest {
  readonly platform: Platform;
  /** Of an image for several platforms that is whole all are taken. */
  readonly everyPlatform?: boolean;
  readonly on: OnImageEvent;
  readonly signal?: AbortSignal;
}

/** `source`: a file, a directory with an OCI image layout, or the bytes of an archive. `what` names it in messages. */
export async function loadImages(
  context: StoreContext,
  source: string | AsyncIterable<Uint8Array>,
  what: string,
  request: LoadRequest,
): Promise<ImageEntry[]> {
  return withLease(context, async () => {
    if (typeof source === 'string' && (await isDirectory(source)))
      return loadLayout(context, readLayoutDirectory(source, what), request);
    return withArchive(context, source, what, (archive) => {
      if (archive.members.size === 0) throw empty(what);
      return isDockerArchive(archive.members)
        ? loadDocker(context, archive, request)
        : loadLayout(context, readLayoutArchive(archive), request);
    });
  });
}

function empty(what: string): TcError {
  return new TcError(`${what} is empty: there is no image in it`, {
    code: 'malformed-archive',
    hints: ['an archive is what docker save, podman save, skopeo copy or tcompose image save wrote'],
  });
}

async function isDirectory(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() ?? false;
}

export async function withArchive<T>(
  context: StoreContext,
  source: string | AsyncIterable<Uint8Array>,
  what: string,
  use: (archive: ArchiveContent) => Promise<T>,
): Promise<T> {
  const file: FileHandle = await openArchive(context.layout, source, what);
  try {
    return await use({ file, members: await scanTar(file, what), what });
  } finally {
    await file.close();
  }
}

async function loadDocker(
  context: StoreContext,
  archive: ArchiveContent,
  request: LoadRequest,
): Promise<ImageEntry[]> {
  const loaded: ImageEntry[] = [];
  for (const item of await listDockerArchive(archive)) {
    const image = await readDockerImage(archive, item);
    loaded.push(...(await addImage(context, image, { ...request, what: archive.what })));
  }
  return loaded;
}

async function loadLayout(
  context: StoreContext,
  reader: LayoutReader,
  request: LoadRequest,
): Promise<ImageEntry[]> {
  const loaded: ImageEntry[] = [];
  for (const entry of await listLayout(reader)) {
    const whole = request.everyPlatform ? await readWholeIndex(reader, entry) : undefined;
    if (whole) loaded.push(...(await addIndex(context, whole, { ...request, what: reader.what })));
    else {
      const image = await readLayoutImage(reader, entry, request.platform);
      loaded.push(...(await addImage(context, image, { ...request, what: reader.what })));
    }
  }
  return loaded;
}

/** The image for this machine, or the first, stands for all of them. */
async function addIndex(
  context: StoreContext,
  { index, images }: { readonly index: LayoutIndex; readonly images: readonly LayoutImage[] },
  request: AddRequest & Pick<LoadRequest, 'platform'>,
): Promise<ImageEntry[]> {
  const { bytes, ...whole } = index;
  await context.content.put(bytes);
  const entries: ImageEntry[][] = [];
  for (const image of images) {
    const member = { ...image, sourceDigest: index.digest, index: whole };
    entries.push(
      await addImage(context, member, { ...request, ...(entries.length > 0 && { on: () => undefined }) }),
    );
  }
  const own = choosePlatform(entries.flat(), request.platform);
  return entries.find((each) => own && each.includes(own)) ?? entries[0] ?? [];
}

export interface AddRequest extends Omit<LoadRequest, 'platform'> {
  readonly what: string;
}

/** Installs the image and enters it under each of its names, or once without a name. */
export async function addImage(
  context: StoreContext,
  image: ArchivedImage & { readonly sourceDigest?: Digest; readonly index?: WholeIndex },
  request: AddRequest,
): Promise<ImageEntry[]> {
  const names = image.names.map(toFullName).filter((name) => name !== undefined);
  const reference = names[0] ?? request.what;
  request.on({ type: 'started', reference, action: 'load' });
  const installed = await installImage(context, {
    reference,
    manifest: image.manifest,
    manifestBytes: image.manifestBytes,
    source: image.source,
    on: request.on,
    signal: request.signal,
  });
  const { index } = image;
  const created = await createEntry(context.content, { ...image, installed });
  const entry = { ...created, ...(index && { index }) };
  const entries = names.length === 0 ? [entry] : [...new Set(names)].map((name) => ({ ...entry, name }));
  await context.catalog.update((before) => entries.reduce<readonly ImageEntry[]>(mergeEntry, before));
  for (const { name } of entries)
    request.on({ type: 'done', reference: name ?? request.what, digest: entry.sourceDigest, isNew: true });
  return entries;
}

/** An annotation may hold a bare tag, or anything: only a name that says its repository is one. */
function toFullName(name: string): string | undefined {
  if (!/[:/@]/.test(name)) return undefined;
  try {
    return formatReference(parseRegistryReference(name));
  } catch {
    return undefined;
  }
}
