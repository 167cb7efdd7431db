// From what `image:` says to directories that overlayfs can stack. The common case, an image that is here, reads three
// small files; everything heavier is loaded when it is needed.

import { mkdir, realpath, stat } from 'node:fs/promises';
import { join, resolve as resolvePath } from 'node:path';
import { type SourcePosition, TcError } from '../base/error.ts';
import { sha256 } from '../base/sha256.ts';
import { type ImageConfiguration, parseImageConfiguration } from './config.ts';
import { findById, findEntry } from './content/catalog.ts';
import type { ImageEntry } from './content/image-index.ts';
import type { StoreContext } from './context.ts';
import { chainIds, type Digest } from './digest.ts';
import type { ImageConfig, ResolvedImage } from './image.ts';
import { defaultPlatform, type Platform, parsePlatform } from './platform.ts';
import type { OnImageEvent } from './progress.ts';
import { parseImageReference, type RegistryReference } from './reference.ts';

/** `{refreshAfterMs}`: pull again once the name was last pulled or given that long ago. */
export type PullPolicy = 'always' | 'missing' | 'never' | { readonly refreshAfterMs: number };

export interface ResolveRequest {
  /** Relative paths of archives and directories count from here. */
  readonly directory: string;
  /** Default: `missing`. Says nothing of archives and directories. */
  readonly policy?: PullPolicy;
  readonly platform?: string;
  /** Where the reference is written, for messages. */
  readonly source?: SourcePosition;
  readonly on?: OnImageEvent;
  readonly signal?: AbortSignal;
}

/** What can be known of an image without getting or unpacking anything. */
export interface DescribedImage {
  readonly id: string;
  readonly config: ImageConfig;
  /** The policy has it looked up in its registry again. */
  readonly isDue?: boolean;
}

/** Undefined: it is not here, and `resolve` would pull it. An archive is looked into, and not loaded. */
export function describeImage(
  context: StoreContext,
  text: string,
  request: Omit<ResolveRequest, 'on'>,
): Promise<DescribedImage | undefined> {
  return at(request.source, () => describe(context, text, request));
}

async function describe(
  context: StoreContext,
  text: string,
  request: ResolveRequest,
): Promise<DescribedImage | undefined> {
  const reference = parseImageReference(text);
  if (reference.kind === 'host') return context.options.host();
  if (reference.kind === 'rootfs') return resolveRootfs(text, resolvePath(request.directory, reference.path));
  const platform = platformOf(request);
  if (reference.kind === 'registry' || reference.kind === 'id') {
    const { entries } = await context.catalog.read();
    const found =
      reference.kind === 'id' ? findById(entries, reference.id) : findEntry(entries, reference, platform);
    if (!found) return undefined;
    const isDue =
      reference.kind === 'registry' && (await isPullDue(context, request.policy ?? 'missing', found));
    return { id: found.imageId, config: (await readConfiguration(context, found, text)).config, isDue };
  }
  const { describeArchive } = await import('./archive/resolve-archive.ts');
  const path = resolvePath(request.directory, reference.path);
  return describeArchive(context, reference, { text, path, platform });
}

/** Whatever goes wrong with an image, it is the line that names it which is shown. */
async function at<T>(source: SourcePosition | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (source === undefined || !(error instanceof TcError) || error.source !== undefined) throw error;
    const { code, kind, hints, exitCode, others } = error;
    throw new TcError(error.message, { code, kind, hints, exitCode, others, source, cause: error });
  }
}

function platformOf({ platform }: Pick<ResolveRequest, 'platform'>): Platform {
  return platform === undefined ? defaultPlatform() : parsePlatform(platform);
}

export function resolveImage(
  context: StoreContext,
  text: string,
  request: ResolveRequest,
): Promise<ResolvedImage> {
  return at(request.source, () => resolve(context, text, request));
}

async function resolve(context: StoreContext, text: string, request: ResolveRequest): Promise<ResolvedImage> {
  const reference = parseImageReference(text);
  if (reference.kind === 'host') return context.options.host();
  if (reference.kind === 'rootfs') return resolveRootfs(text, resolvePath(request.directory, reference.path));
  const platform = platformOf(request);
  if (reference.kind === 'registry') return resolveNamed(context, text, reference, { ...request, platform });
  if (reference.kind === 'id') return resolveById(context, text, reference.id);
  const { resolveArchive } = await import('./archive/resolve-archive.ts');
  const entry = await resolveArchive(context, reference, {
    text,
    path: resolvePath(request.directory, reference.path),
    platform,
    on: request.on,
    signal: request.signal,
  });
  return unpackedImage(context, entry, text);
}

type PlatformRequest = Omit<ResolveRequest, 'platform'> & { readonly platform: Platform };

async function resolveNamed(
  context: StoreContext,
  text: string,
  reference: RegistryReference,
  request: PlatformRequest,
): Promise<ResolvedImage> {
  const { policy = 'missing', platform, on, signal } = request;
  const { entries } = await context.catalog.read();
  const found = findEntry(entries, reference, platform);
  if (found && !(await isPullDue(context, policy, found))) return unpackedImage(context, found, text);
  if (policy === 'never') throw notHere(text);
  const { pullImage } = await import('./registry/pull.ts');
  const pulled = await pullImage(context, reference, { platform, on, signal });
  return unpackedImage(context, pulled, text);
}

async function isPullDue({ content }: StoreContext, policy: PullPolicy, entry: ImageEntry): Promise<boolean> {
  if (typeof policy === 'string') return policy === 'always';
  const age = Date.now() - Date.parse(await content.lastTagged(entry));
  return !(age < policy.refreshAfterMs);
}

async function resolveById(context: StoreContext, text: string, id: Digest): Promise<ResolvedImage> {
  const { entries } = await context.catalog.read();
  const found = findById(entries, id);
  if (!found) throw notHere(text);
  return unpackedImage(context, found, text);
}

/** An image of the store, with its layers unpacked, on the disk: containers are built on it. */
async function unpackedImage(
  context: StoreContext,
  entry: ImageEntry,
  reference: string,
): Promise<ResolvedImage> {
  await context.recover();
  const configuration = await readConfiguration(context, entry, reference);
  const chain = chainIds(configuration.diffIds);
  const missing = await Promise.all(chain.map(async (id) => !(await context.layers.has(id))));
  if (missing.includes(true)) {
    const { repairImage } = await import('./repair.ts');
    await repairImage(context, entry, reference);
  }
  await context.settle();
  const layers = chain.map((id) => context.layers.path(id)).reverse();
  return {
    id: entry.imageId,
    reference,
    config: configuration.config,
    layers: layers.length > 0 ? layers : [await emptyLayer(context)],
    mounts: [],
    platform: entry.platform,
  };
}

export async function readConfiguration(
  context: StoreContext,
  entry: ImageEntry,
  reference: string,
): Promise<ImageConfiguration> {
  const bytes = await context.content.readDocument(entry.imageId);
  if (bytes) return parseImageConfiguration(bytes, `config of ${reference}`);
  throw new TcError(`the image store is damaged: the config of ${reference} is missing`, {
    code: 'damaged-store',
    kind: 'environment',
    hints: ['remove the image and pull or load it again'],
  });
}

/** An image without layers still needs a directory for overlayfs to stack. */
export async function emptyLayer(context: StoreContext): Promise<string> {
  const path = join(context.layout.layers, 'empty', 'diff');
  await mkdir(path, { recursive: true, mode: 0o755 });
  return path;
}

/** The directory itself is the layer; its identity is which directory it is, not what is in it. */
async function resolveRootfs(text: string, path: string): Promise<ResolvedImage> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  if (!found?.isDirectory()) {
    throw new TcError(`${text}: ${path} is not a directory`, {
      code: 'no-such-image',
      hints: ['rootfs: takes the directory of a root file system'],
    });
  }
  const directory = await realpath(path);
  const identity = JSON.stringify(['rootfs', directory, String(found.dev), String(found.ino)]);
  return {
    id: `sha256:${sha256(identity)}`,
    reference: text,
    config: {},
    layers: [directory],
    mounts: [],
  };
}

function notHere(text: string): TcError {
  return new TcError(`image ${text} is not here`, {
    code: 'no-such-image',
    hints: [`pull it (tcompose image pull ${text}), load it, or build it`],
  });
}
