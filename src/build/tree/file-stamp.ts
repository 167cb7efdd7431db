// TreeEntry.stamp: what tells a file from itself after a change, without reading it. As Git's index has it.

/** What a stamp that outlives the command begins with. */
const lasting = 'file ';

export function isLasting(stamp: string): boolean {
  return stamp.startsWith(lasting);
}

export interface FileState {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
}

/**
 * The stamp of a file that was looked at at `now` (milliseconds since the epoch). Undefined: it has changed so
 * recently that another change could leave the same times ("racy Git": git, Documentation/technical/racy-git.txt).
 */
export function stampFile({ dev, ino, size, mtimeNs, ctimeNs }: FileState, now: number): string | undefined {
  // Some file systems count whole seconds, FAT two of them; the others a tick of the kernel, 10 ms or less.
  const isCoarse = ctimeNs % 1_000_000_000n === 0n;
  const age = now - Number(ctimeNs / 1_000_000n);
  return age < (isCoarse ? 3000 : 50) ? undefined : `${lasting}${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`;
}
