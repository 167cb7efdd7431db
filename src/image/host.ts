// The image `host`: a small generated root over which the machine's own /usr is bound, so that a project runs where
// there is neither network nor image.

import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  lchownSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import {
  computeHostEntries,
  computeHostImageId,
  computeHostMounts,
  digestEntries,
  HOST_CONFIG,
  type LayerEntry,
} from './host-entries.ts';
import { observeHostSystem, stampHostSystem } from './host-system.ts';
import type { ResolvedImage } from './image.ts';

/** Counts up when the same machine gives another image. */
const FORMAT = 1;

/** What is kept beside the layers, so that an unchanged machine is not looked at again. */
interface Remembered {
  readonly format: number;
  readonly stamp: string;
  readonly image: ResolvedImage;
}

/** `layers`: the store's directory of unpacked layers; the image's own is made there if it is not yet. */
export function resolveHostImage(layers: string): ResolvedImage {
  const stamp = stampHostSystem();
  const remembered = readRemembered(layers, stamp);
  if (remembered) return remembered;
  const { entries, image } = composeHostImage(layers);
  const [layer = ''] = image.layers;
  if (!existsSync(layer)) writeLayer(layer, entries);
  writeRemembered(layers, { format: FORMAT, stamp, image });
  return image;
}

/** The same image without writing anything: its layers may not be there yet. */
export function describeHostImage(layers: string): ResolvedImage {
  return readRemembered(layers, stampHostSystem()) ?? composeHostImage(layers).image;
}

function composeHostImage(layers: string): { entries: readonly LayerEntry[]; image: ResolvedImage } {
  const system = observeHostSystem();
  const entries = computeHostEntries(system);
  const image = {
    id: computeHostImageId(entries, system),
    reference: 'host',
    config: HOST_CONFIG,
    layers: [join(layers, `host-${digestEntries(entries)}`)],
    mounts: computeHostMounts(system),
  };
  return { entries, image };
}

function memoryPath(layers: string): string {
  return join(layers, 'host.json');
}

/** Undefined: nothing is remembered, or not of this machine as it is, or the layer is gone. */
function readRemembered(layers: string, stamp: string): ResolvedImage | undefined {
  try {
    const { format, image, ...remembered } = JSON.parse(
      readFileSync(memoryPath(layers), 'utf8'),
    ) as Remembered;
    const isFresh = format === FORMAT && remembered.stamp === stamp;
    return isFresh && image.layers.every((layer) => existsSync(layer)) ? image : undefined;
  } catch {
    return undefined;
  }
}

function writeRemembered(layers: string, remembered: Remembered): void {
  const temporary = `${memoryPath(layers)}.${process.pid}`;
  writeFileSync(temporary, JSON.stringify(remembered), { mode: 0o600 });
  renameSync(temporary, memoryPath(layers));
}

/** Complete under its name or not there. Two commands may make it at once: the first rename counts. */
function writeLayer(layer: string, entries: readonly LayerEntry[]): void {
  const temporary = `${layer}.${process.pid}`;
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary, { recursive: true });
  chmodSync(temporary, 0o755);
  for (const entry of entries) writeEntry(join(temporary, entry.path), entry);
  try {
    renameSync(temporary, layer);
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    if (!existsSync(layer)) throw error;
  }
}

function writeEntry(path: string, { type, mode, owner, content, target }: LayerEntry): void {
  if (type === 'directory') mkdirSync(path);
  if (type === 'link') symlinkSync(target ?? '', path);
  if (type === 'file') writeDurably(path, content ?? '');
  // Not by the mode of the creation, which the umask narrows.
  if (type !== 'link') chmodSync(path, mode);
  if (owner !== 0 && process.getuid?.() === 0) lchownSync(path, owner, owner);
}

/** After the rename a power cut must not leave an empty file behind a name that is trusted for ever. */
function writeDurably(path: string, content: string | Buffer): void {
  const fd = openSync(path, 'wx', 0o644);
  writeSync(fd, Buffer.from(content));
  if (content.length > 0) fsyncSync(fd);
  closeSync(fd);
}
