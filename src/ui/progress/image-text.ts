// An image that is at work as lines on a terminal: itself, and below it as many of its layers as there is room for.

import { describeSizeSteadily } from '../human-size.ts';
import type { Style } from '../style.ts';
import { type ImageProgress, isOver, type LayerProgress, layerText } from './image-tracker.ts';

export interface ImageTextOptions {
  readonly style: Style;
  readonly now: number;
  /** Lines for layers. */
  readonly room: number;
}

const barWidth = 16;

export function describeImage(image: ImageProgress, options: ImageTextOptions): string {
  const { style, now } = options;
  const head = `${image.id}  ${image.text}`;
  const seconds = `${((now - image.begunAt) / 1000).toFixed(1)}s`;
  if (image.state === 'failed') return `${head}  ${image.details ?? ''}`.trimEnd();
  if (image.details !== undefined) return `${head}  ${image.details}  ${style.dim(seconds)}`;
  if (image.state === 'done') return `${head}  ${style.dim(seconds)}`;
  const lines = describeLayers(image, options);
  return [`${head}${describeSum(image, now)}  ${style.dim(seconds)}`, ...lines].join('\n');
}

/** `  31.2MB / 72.1MB  12.4MB/s`, of what has to be moved. */
function describeSum(image: ImageProgress, now: number): string {
  const moved = [...image.layers.values()].filter(({ phase }) => phase !== 'exists' && phase !== 'mounted');
  const total = moved.reduce((sum, layer) => sum + layer.total, 0);
  if (total === 0) return '';
  const done = moved.reduce((sum, layer) => sum + movedOf(layer), 0);
  return describeAmount(done, total, image.rate.measure(done, now));
}

function movedOf(layer: LayerProgress): number {
  return layer.phase === 'done' ? layer.total : layer.done;
}

function describeAmount(done: number, total: number, rate: number | undefined): string {
  const speed = rate === undefined ? '' : `  ${describeSizeSteadily(rate)}/s`;
  return `  ${describeSizeSteadily(done)} / ${describeSizeSteadily(total)}${speed}`;
}

/** Where not all have room, those that are at work, and how many others there are. */
function describeLayers(image: ImageProgress, options: ImageTextOptions): string[] {
  const all = [...image.layers.values()];
  const { room, style } = options;
  if (room <= 0) return [];
  if (all.length <= room) return all.map((layer) => describeLayer(image, layer, options));
  const busy = all.filter((layer) => !isOver(layer) && layer.phase !== undefined).slice(0, room - 1);
  const rest = style.dim(`· ${all.filter(isOver).length} of ${all.length} layers are done`);
  return [...busy.map((layer) => describeLayer(image, layer, options)), rest];
}

function describeLayer(image: ImageProgress, layer: LayerProgress, { style, now }: ImageTextOptions): string {
  // Blanks in front of a line are not kept.
  const text = `· ${layer.id}  ${layerText(image, layer)}`;
  if (isOver(layer)) return style.dim(text);
  const isMoving = layer.phase === 'receiving' || layer.phase === 'uploading';
  if (!isMoving || layer.total === 0) return text;
  const filled = Math.min(barWidth, Math.floor((layer.done / layer.total) * barWidth));
  const bar = `${'='.repeat(filled)}${filled < barWidth ? '>' : ''}`.padEnd(barWidth);
  return `${text}  [${bar}]${describeAmount(layer.done, layer.total, layer.rate.measure(layer.done, now))}`;
}
