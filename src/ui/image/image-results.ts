// The lines that verbs about images end in, as Docker words them.

import type { LoadedImage } from '../../app/image/load.ts';
import type { PulledImage } from '../../app/image/pull.ts';
import type { PushedImage } from '../../app/image/push.ts';
import type { RemovedNames } from '../../app/image/rm.ts';
import { describeSize } from '../human-size.ts';

interface Quiet {
  readonly quiet: boolean;
}

export function renderPulled({ digest, isNew, name, shortName }: PulledImage, { quiet }: Quiet): string {
  if (quiet) return `${name}\n`;
  const status = isNew ? 'Downloaded newer image for' : 'Image is up to date for';
  return `Digest: ${digest}\nStatus: ${status} ${shortName}\n${name}\n`;
}

export function renderPushed({ digest, reference, size, tag }: PushedImage, { quiet }: Quiet): string {
  if (quiet) return `${reference}\n`;
  return `${tag === undefined ? '' : `${tag}: `}digest: ${digest} size: ${size}\n`;
}

export function renderLoaded(images: readonly LoadedImage[]): string {
  return images
    .map(({ id, name }) => (name === undefined ? `Loaded image ID: ${id}\n` : `Loaded image: ${name}\n`))
    .join('');
}

export function renderRemoved({ deleted, isDryRun, untagged }: RemovedNames): string {
  const [untag, remove] = isDryRun ? ['would untag', 'would delete'] : ['Untagged:', 'Deleted:'];
  return [...untagged.map((name) => `${untag} ${name}\n`), ...deleted.map((id) => `${remove} ${id}\n`)].join(
    '',
  );
}

export function renderPruned(removed: RemovedNames): string {
  const { deleted, isDryRun, reclaimed, untagged } = removed;
  if (isDryRun) return renderRemoved(removed);
  const lines = [
    ...untagged.map((name) => `untagged: ${name}\n`),
    ...deleted.map((id) => `deleted: ${id}\n`),
  ];
  const list = lines.length === 0 ? '' : `Deleted Images:\n${lines.join('')}\n`;
  return `${list}Total reclaimed space: ${describeSize(reclaimed, 4)}\n`;
}

export function renderPrunedCache(
  {
    mounts,
    reclaimed,
    steps,
  }: { readonly steps: number; readonly mounts: number; readonly reclaimed: number },
  isDryRun: boolean,
): string {
  const what = `${steps} steps of builds and ${mounts} caches of commands\n`;
  if (isDryRun) return `would remove ${what}`;
  return `Removed ${what}Total reclaimed space: ${describeSize(reclaimed, 4)}\n`;
}
