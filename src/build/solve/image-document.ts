// The config of the image that a build ends in. Pure.

import type { LayerStack, StackedLayer } from '../../image/build-store.ts';
import type { JsonObject } from '../../image/descriptor.ts';
import type { Platform } from '../../image/platform.ts';
import { inlineMember } from '../../image/step-cache/steps-document.ts';
import type { StageResult } from '../stage/stage-state.ts';
import type { HistoryLine, Step } from '../stage/step.ts';

export interface ImageParts {
  readonly result: StageResult;
  readonly layers: LayerStack;
  /** Undefined: the step changed nothing. */
  readonly layerOf: (step: Step) => StackedLayer | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly platform: Platform;
  /** RFC 3339: what nothing else has a time for. */
  readonly fallbackTime: string;
  /** Every time in the document. */
  readonly epoch?: string;
  /** For `cache_to: type=inline`. */
  readonly steps?: JsonObject;
}

const comment = 'buildkit.dockerfile.v0';

export function composeDocument(parts: ImageParts): JsonObject {
  const { result, layers, labels, platform } = parts;
  const history = composeHistory(parts);
  const created =
    parts.epoch ?? (history.at(-1) as { created?: string } | undefined)?.created ?? parts.fallbackTime;
  const { os, architecture, variant } = platform;
  const config =
    Object.keys(labels).length === 0
      ? result.config
      : { ...result.config, Labels: { ...(result.config['Labels'] as object), ...labels } };
  return {
    ...(result.author === undefined ? {} : { author: result.author }),
    architecture,
    os,
    ...(variant ? { variant } : {}),
    config,
    created,
    history,
    ...(parts.steps && { [inlineMember]: parts.steps }),
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
  };
}

/** A line without a layer gets the time of the layer before it, so that a build of known steps gives the same image. */
function composeHistory({ result, layerOf, fallbackTime, epoch }: ImageParts): JsonObject[] {
  let time = fallbackTime;
  return result.history.map((line: HistoryLine): JsonObject => {
    if (line.kind === 'inherited') {
      const entry = line.entry as JsonObject;
      time = typeof entry['created'] === 'string' ? entry['created'] : time;
      return entry;
    }
    const layer = line.step && layerOf(line.step);
    time = epoch ?? layer?.created ?? time;
    const hasLayer = layer !== undefined;
    return { created: time, created_by: line.createdBy, comment, ...(hasLayer ? {} : { empty_layer: true }) };
  });
}
