// `image rm` and `image prune`: names go first, and the content that no name, no container and no other image needs.

import { TcError } from '../base/error.ts';
import { type Collected, collectGarbage } from './collect.ts';
import { type ImageEntry, removeName } from './content/image-index.ts';
import type { StoreContext } from './context.ts';
import type { Digest } from './digest.ts';
import { listImages, parseName, requireExactly, requireImage } from './images.ts';
import type { Platform } from './platform.ts';
import { formatReference } from './reference.ts';

/** A container that was made from an image. */
export interface ImageUse {
  readonly imageId: string;
  readonly container: string;
  readonly isRunning: boolean;
}

export interface RemoveOptions {
  readonly uses: readonly ImageUse[];
  /** Removes all names of an id, and the names of an image that a stopped container uses. */
  readonly force?: boolean;
  /** Of a name with images for several platforms, only this one. */
  readonly platform?: Platform;
  /** The content that nothing needs any more is left to the next removal. */
  readonly keepContent?: boolean;
  /** Only what would be removed is told. */
  readonly dryRun?: boolean;
}

export interface Removed {
  /** Names that were taken away, fully written out. */
  readonly untagged: readonly string[];
  /** Ids of images that are no more. */
  readonly deleted: readonly Digest[];
  readonly reclaimed: number;
}

export async function removeImage(
  context: StoreContext,
  text: string,
  options: RemoveOptions,
): Promise<Removed> {
  const planned = await change(context, options, (entries) => planRemoval(entries, text, options));
  const isGarbage = planned.deleted.length > 0 && !options.dryRun && !options.keepContent;
  const collected = isGarbage ? await collectGarbage(context, usedIds(options.uses)) : undefined;
  return { ...planned, reclaimed: collected?.reclaimed ?? 0 };
}

/** What goes, and what is left of the entries. */
interface Removal {
  readonly untagged: readonly string[];
  readonly deleted: readonly Digest[];
  readonly kept: readonly ImageEntry[];
}

/** The decision is taken under the lock of the entries; a dry run decides, and leaves it at that. */
async function change(
  context: StoreContext,
  { dryRun = false }: { readonly dryRun?: boolean },
  plan: (entries: readonly ImageEntry[]) => Removal,
): Promise<Omit<Removal, 'kept'>> {
  let planned: Removal | undefined;
  const decide = (entries: readonly ImageEntry[]) => {
    planned = plan(entries);
    return planned.kept;
  };
  if (dryRun) decide((await context.catalog.read()).entries);
  else {
    await context.prepare();
    await context.catalog.update(decide);
  }
  const { untagged = [], deleted = [] } = planned ?? {};
  return { untagged, deleted };
}

/** Pure. The name stays as long as it has an image for another platform. */
function planVariant(
  entries: readonly ImageEntry[],
  text: string,
  platform: Platform,
  options: RemoveOptions,
): Removal {
  const { imageId, name } = requireExactly(entries, text, platform);
  const kept = entries.filter((entry) => entry.imageId !== imageId || entry.name !== name);
  const isNamed = kept.some((entry) => entry.imageId === imageId);
  if (!isNamed) refuseIfUsed(imageId, text, options);
  const isUsed = options.uses.some((use) => use.imageId === imageId);
  const isLast = name !== undefined && !kept.some((entry) => entry.name === name);
  return { untagged: isLast ? [name] : [], deleted: isNamed || isUsed ? [] : [imageId], kept };
}

/** Pure. */
function planRemoval(entries: readonly ImageEntry[], text: string, options: RemoveOptions): Removal {
  if (options.platform !== undefined) return planVariant(entries, text, options.platform, options);
  const { imageId, names, nameless } = chooseNames(entries, text, options);
  const kept = names.reduce<readonly ImageEntry[]>(
    (left, name) => removeName(left, name, { keep: false }),
    entries.filter((entry) => !(nameless && entry.name === undefined && entry.imageId === imageId)),
  );
  const gone = entries.filter((each) => !kept.some((entry) => entry.imageId === each.imageId));
  // What a container was made from stays for it, without a name.
  const isUsed = ({ imageId: id }: ImageEntry) => options.uses.some((use) => use.imageId === id);
  const deleted = gone.filter((each) => !isUsed(each)).map((each) => each.imageId);
  return { untagged: names, deleted: [...new Set(deleted)], kept };
}

interface ChosenNames {
  readonly imageId: Digest;
  readonly names: readonly string[];
  /** An entry without a name goes too. */
  readonly nameless: boolean;
}

/** A name takes away that name; an id takes away the image. */
function chooseNames(entries: readonly ImageEntry[], text: string, options: RemoveOptions): ChosenNames {
  const { imageId } = requireImage(entries, text);
  const reference = parseName(text);
  const name = reference && formatReference(reference);
  const same = entries.filter((entry) => entry.imageId === imageId);
  const all = [...new Set(same.flatMap((entry) => entry.name ?? []))];
  const isByName = name !== undefined && all.includes(name);
  if (isByName && all.length > 1) return { imageId, names: [name], nameless: false };
  if (!isByName && all.length > 1 && !options.force) {
    throw new TcError(`image ${text} has ${all.length} names`, {
      code: 'image-has-names',
      hints: [`remove them one by one (${all.join(', ')}), or all at once with --force`],
    });
  }
  // With the name go its images for other platforms.
  const going = entries.filter((entry) => entry.imageId === imageId || all.includes(entry.name ?? ''));
  for (const { imageId: id } of going) refuseIfUsed(id, text, options);
  return { imageId, names: all, nameless: true };
}

function refuseIfUsed(imageId: Digest, text: string, { uses, force }: RemoveOptions): void {
  const users = uses.filter((use) => use.imageId === imageId);
  const blocking = users.find((use) => use.isRunning) ?? (force ? undefined : users[0]);
  if (!blocking) return;
  throw new TcError(`image ${text} is used by container ${blocking.container}`, {
    code: 'image-in-use',
    hints: [
      blocking.isRunning
        ? 'a running container needs its image: stop it first'
        : 'remove the container first, or take the name away with --force: the content stays until the container goes',
    ],
  });
}

export interface PruneOptions {
  readonly uses: readonly ImageUse[];
  /** Those with a name as well, if no container uses them. */
  readonly all?: boolean;
  /** Only images made before this instant, in milliseconds since the epoch. */
  readonly until?: number;
  /** `key` or `key=value`; with `!` in front, images that have it are kept. */
  readonly labels?: readonly string[];
  /** Only what would be removed is told. */
  readonly dryRun?: boolean;
}

export async function pruneImages(context: StoreContext, options: PruneOptions): Promise<Removed> {
  const used = usedIds(options.uses);
  const doomed = (await listImages(context)).filter(
    (image) =>
      !used.has(image.imageId) &&
      (options.all || image.name === undefined) &&
      (options.until === undefined || Date.parse(image.created ?? '') < options.until) &&
      (options.labels ?? []).every((filter) => hasLabel(image.labels, filter)),
  );
  const isDoomed = (entry: ImageEntry) =>
    doomed.some((each) => each.digest === entry.digest && each.name === entry.name);
  const planned = await change(context, options, (entries) => {
    const kept = entries.filter((entry) => !isDoomed(entry));
    const going = entries.filter(isDoomed);
    const ids = going.map((each) => each.imageId);
    const deleted = ids.filter((id) => !kept.some((entry) => entry.imageId === id));
    const untagged = [...new Set(going.flatMap((each) => each.name ?? []))];
    return { untagged, deleted: [...new Set(deleted)], kept };
  });
  const collected: Collected | undefined = options.dryRun ? undefined : await collectGarbage(context, used);
  return { ...planned, reclaimed: collected?.reclaimed ?? 0 };
}

function hasLabel(labels: Readonly<Record<string, string>>, filter: string): boolean {
  const isNegated = filter.startsWith('!');
  const [key = '', value] = filter.slice(isNegated ? 1 : 0).split(/=(.*)/s);
  const has = Object.hasOwn(labels, key) && (value === undefined || labels[key] === value);
  return has !== isNegated;
}

function usedIds(uses: readonly ImageUse[]): ReadonlySet<string> {
  return new Set(uses.map((use) => use.imageId));
}
