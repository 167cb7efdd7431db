// What the store knows of its images, and their names.

import { TcError } from '../base/error.ts';
import type { HistoryEntry } from './config.ts';
import { findById, findEntry } from './content/catalog.ts';
import { giveName, type ImageEntry, mergeEntry } from './content/image-index.ts';
import { type StoreContext, withLease } from './context.ts';
import type { Descriptor } from './descriptor.ts';
import { chainIds, type Digest } from './digest.ts';
import type { ImageConfig } from './image.ts';
import { type ImageIndex, type ImageManifest, parseManifest } from './manifest.ts';
import { choosePlatform, formatPlatform, hostPlatform, isRunnable, type Platform } from './platform.ts';
import {
  formatReference,
  formatRepository,
  parseImageReference,
  parseRegistryReference,
  type RegistryReference,
} from './reference.ts';
import { readConfiguration } from './resolve.ts';

export interface ImageSummary extends ImageEntry {
  /** RFC 3339: when the image was made, by its own account. */
  readonly created?: string;
  /** Bytes of its files, over all layers. */
  readonly size: number;
  readonly labels: Readonly<Record<string, string>>;
  /** Of the images of an index another one stands for all of them: that for this machine, or else the first. */
  readonly isMinor?: boolean;
}

export interface ImageLayer {
  readonly blob: Descriptor;
  readonly diffId: Digest;
  readonly chainId: Digest;
  /** Bytes of its files; undefined if it is not unpacked. */
  readonly size?: number;
}

export interface ImageDetails extends ImageSummary {
  /** All its names, fully written out. */
  readonly names: readonly string[];
  /** `docker.io/library/mysql@sha256:...`. */
  readonly repoDigests: readonly string[];
  readonly author?: string;
  readonly config: ImageConfig;
  /** Bottommost first. */
  readonly layers: readonly ImageLayer[];
  readonly history: readonly HistoryEntry[];
  /** Of the index that its name stands for, this one among them. */
  readonly members: readonly ImageEntry[];
}

/** One for every name, and for every image without one; newest first. */
export async function listImages(context: StoreContext): Promise<ImageSummary[]> {
  const { entries } = await context.catalog.read();
  const summaries = await Promise.all(
    entries.map(async (entry) => ({
      ...(await summarize(context, entry)),
      ...(isMinor(entries, entry) && { isMinor: true }),
    })),
  );
  return summaries.sort((a, b) => (b.created ?? '').localeCompare(a.created ?? ''));
}

function isMinor(entries: readonly ImageEntry[], entry: ImageEntry): boolean {
  if (entry.index === undefined) return false;
  const members = listMembers(entries, entry);
  return (choosePlatform(members, hostPlatform()) ?? members[0]) !== entry;
}

async function summarize(context: StoreContext, entry: ImageEntry): Promise<ImageSummary> {
  const { created, diffIds, config } = await readConfiguration(context, entry, entry.name ?? entry.imageId);
  const records = await Promise.all(chainIds(diffIds).map((id) => context.layers.readRecord(id)));
  const size = records.reduce((sum, record) => sum + (record?.bytes ?? 0), 0);
  return { ...entry, ...(created ? { created } : {}), size, labels: config.Labels ?? {} };
}

export async function inspectImage(
  context: StoreContext,
  text: string,
  platform?: Platform,
): Promise<ImageDetails> {
  const { entries } = await context.catalog.read();
  const entry = platform ? requirePlatform(entries, text, platform) : requireImage(entries, text);
  const configuration = await readConfiguration(context, entry, text);
  const manifest = await readManifest(context, entry, text);
  const chain = chainIds(configuration.diffIds);
  const layers = await Promise.all(
    manifest.layers.map(async (blob, at): Promise<ImageLayer> => {
      const chainId = chain[at] as Digest;
      const record = await context.layers.readRecord(chainId);
      return {
        blob,
        chainId,
        diffId: configuration.diffIds[at] as Digest,
        ...(record ? { size: record.bytes } : {}),
      };
    }),
  );
  const same = entries.filter((each) => each.imageId === entry.imageId && each.name !== undefined);
  const { author, config, history } = configuration;
  return {
    ...(await summarize(context, entry)),
    tagged: await context.content.lastTagged(entry),
    names: same.map((each) => each.name as string).filter((name) => !name.includes('@')),
    repoDigests: [...new Set(same.map(formatRepoDigest))],
    ...(author ? { author } : {}),
    config,
    layers,
    history,
    members: listMembers(entries, entry),
  };
}

function formatRepoDigest(entry: ImageEntry): string {
  return `${formatRepository(parseRegistryReference(entry.name as string))}@${entry.sourceDigest}`;
}

export async function readManifest(
  context: StoreContext,
  entry: ImageEntry,
  text: string,
): Promise<ImageManifest> {
  const where = `manifest of ${text}`;
  const bytes = await context.content.readDocument(entry.digest);
  const manifest = bytes && parseManifest(bytes, where, entry.mediaType);
  if (manifest?.kind === 'manifest') return manifest;
  throw damaged(`the ${where} is missing`);
}

/** The images of the index that the name of one of them stands for, in its order. */
export function listMembers(entries: readonly ImageEntry[], { name, index }: ImageEntry): ImageEntry[] {
  return (index?.manifests ?? []).flatMap(
    (digest) => entries.find((each) => each.name === name && each.digest === digest) ?? [],
  );
}

export async function readIndex(
  context: StoreContext,
  digest: Digest,
  mediaType: string,
): Promise<{ readonly bytes: Uint8Array; readonly index: ImageIndex }> {
  const bytes = await context.content.readDocument(digest);
  const index = bytes && parseManifest(bytes, `index ${digest}`, mediaType);
  if (bytes && index?.kind === 'index') return { bytes, index };
  throw damaged(`the index ${digest} is missing`);
}

function damaged(what: string): TcError {
  return new TcError(`the image store is damaged: ${what}`, {
    code: 'damaged-store',
    kind: 'environment',
    hints: ['remove the image and pull or load it again'],
  });
}

/** By name, for this machine's platform if there are several, or by the first digits of its id. */
export function requireImage(
  entries: readonly ImageEntry[],
  text: string,
  platform: Platform = hostPlatform(),
): ImageEntry {
  const found = findImage(entries, text, platform);
  if (found) return found;
  throw new TcError(`there is no image ${text}`, {
    code: 'no-such-image',
    hints: ['`tcompose image ls` lists the images that are here'],
  });
}

/** For this platform, and no other. */
export function requirePlatform(
  entries: readonly ImageEntry[],
  text: string,
  platform: Platform,
): ImageEntry {
  const found = requireImage(entries, text, platform);
  if (isRunnable(found.platform, platform)) return found;
  throw new TcError(`image ${text} is here for ${formatPlatform(found.platform)} only`, {
    code: 'no-such-platform',
    hints: [`pull the other one: tcompose image pull --platform ${formatPlatform(platform)} ${text}`],
  });
}

/** The one for this platform itself, not one that runs there, too. */
export function requireExactly(entries: readonly ImageEntry[], text: string, platform: Platform): ImageEntry {
  const reference = parseName(text);
  const { name, imageId } = requireImage(entries, text);
  const meant = reference && entries.some((entry) => entry.name === formatReference(reference));
  const found = entries
    .filter((entry) => (meant ? entry.name === formatReference(reference) : entry.imageId === imageId))
    .find((entry) => entry.platform && formatPlatform(entry.platform) === formatPlatform(platform));
  if (found) return found;
  throw new TcError(`image ${name ?? text} is not here for ${formatPlatform(platform)}`, {
    code: 'no-such-platform',
    hints: ['`tcompose image inspect` shows what it is here for'],
  });
}

function findImage(entries: readonly ImageEntry[], text: string, platform: Platform): ImageEntry | undefined {
  const reference = parseName(text);
  const byName = reference && findEntry(entries, reference, platform);
  if (byName) return byName;
  const elsewhere = reference && entries.find((entry) => entry.name === formatReference(reference));
  return elsewhere ?? findById(entries, text);
}

/** Whether `text` means an image by its name, and not by its id. */
export function isName(entries: readonly ImageEntry[], text: string): boolean {
  const reference = parseName(text);
  if (reference === undefined || reference.digest !== undefined) return reference !== undefined;
  const name = formatReference(reference);
  return entries.some((each) => each.name === name);
}

/** Undefined for what can only be an id. */
export function parseName(text: string): RegistryReference | undefined {
  if (text.startsWith('sha256:') || /^[0-9a-f]{64}$/.test(text)) return undefined;
  const reference = parseImageReference(text);
  return reference.kind === 'registry' ? reference : undefined;
}

/** Gives an image one more name; another image that had it goes without. */
export async function tagImage(context: StoreContext, source: string, target: string): Promise<void> {
  const reference = parseRegistryReference(target);
  if (reference.digest !== undefined) {
    throw new TcError(`${target} has a digest, and a digest cannot be given`, { code: 'invalid-reference' });
  }
  await withLease(context, () =>
    context.catalog.update((entries) => {
      const found = requireImage(entries, source);
      const isWhole = found.index !== undefined && isName(entries, source);
      const images = (isWhole ? listMembers(entries, found) : [found]).map(
        ({ name: _, index, ...image }) => ({
          ...image,
          ...(isWhole && { index }),
          tagged: new Date().toISOString(),
        }),
      );
      return isWhole
        ? giveName(entries, images, formatReference(reference))
        : images.reduce(
            (all, each) => mergeEntry(all, { ...each, name: formatReference(reference) }),
            entries,
          );
    }),
  );
}
