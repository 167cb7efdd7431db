// What is known of images that are being pulled, pushed or loaded, and which of it is news. Events come by the
// thousand, one for each chunk of a layer: following one costs next to nothing, and who draws looks when it suits.

import type { ImageAction, ImageEvent, ImageNotice } from '../../engine/ports.ts';
import { describeSize } from '../human-size.ts';
import { shortenReference } from '../image-name.ts';
import type { Change, ChangeState } from './change.ts';
import { RateMeter } from './rate-meter.ts';

export interface LayerProgress {
  /** The first digits of its digest. */
  readonly id: string;
  phase: Phase | undefined;
  done: number;
  total: number;
  readonly rate: RateMeter;
}

export interface ImageProgress {
  /** `Image nginx:1.27`, `Service web`. */
  readonly id: string;
  readonly begunAt: number;
  action: ImageAction;
  state: ChangeState;
  text: string;
  details: string | undefined;
  readonly layers: Map<string, LayerProgress>;
  readonly rate: RateMeter;
}

type LayerEvent = Extract<ImageEvent, { readonly type: 'layer' }>;
type Phase = LayerEvent['phase'];

const imageWords: Readonly<Record<ImageAction, readonly [string, string]>> = {
  pull: ['Pulling', 'Pulled'],
  push: ['Pushing', 'Pushed'],
  load: ['Loading', 'Loaded'],
};

/** Docker's words where it has them. */
const layerWords: Readonly<Record<ImageAction, Readonly<Record<Phase, string>>>> = {
  pull: words('Downloading', 'Already exists', 'Pull complete'),
  push: words('Pushing', 'Layer already exists', 'Pushed'),
  load: words('Loading', 'Already exists', 'Loaded'),
};

function words(busy: string, exists: string, done: string): Readonly<Record<Phase, string>> {
  const waits = { waiting: 'Waiting', unpacking: 'Extracting', mounted: 'Mounted' };
  return { ...waits, receiving: busy, uploading: busy, exists, done };
}

/** Milliseconds between two tellings of how far a layer is. */
const pace = 250;

export class ImageTracker {
  readonly #now: () => number;
  readonly #images = new Map<string, ImageProgress>();
  readonly #told = new WeakMap<LayerProgress, number>();

  constructor(now: () => number) {
    this.#now = now;
  }

  follow({ image: name, event, service }: ImageNotice): {
    readonly image: ImageProgress;
    readonly changes: Change[];
  } {
    const shown = name ?? ('reference' in event ? shortenReference(event.reference) : '');
    const id = service === undefined ? `Image ${shown}` : `Service ${service}`;
    const known = this.#images.get(id);
    const image = known ?? this.#begin(id, event);
    const begun = known || event.type === 'started' || event.type === 'skipped' ? [] : [changeOf(image)];
    return { image, changes: [...begun, ...this.#apply(image, event)] };
  }

  /** Whoever tells only of layers has begun nevertheless. */
  #begin(id: string, event: ImageNotice['event']): ImageProgress {
    const isPush = event.type === 'layer' && (event.phase === 'uploading' || event.phase === 'mounted');
    const action = event.type === 'started' ? event.action : isPush ? 'push' : 'pull';
    const begun: ImageProgress = {
      id,
      begunAt: this.#now(),
      action,
      state: 'working',
      text: imageWords[action][0],
      details: undefined,
      layers: new Map(),
      rate: new RateMeter(),
    };
    this.#images.set(id, begun);
    return begun;
  }

  #apply(image: ImageProgress, event: ImageNotice['event']): Change[] {
    switch (event.type) {
      case 'started':
        image.action = event.action;
        return setImage(image, 'working', imageWords[event.action][0]);
      case 'resolved':
        for (const { digest, total } of event.layers) layerOf(image, digest, total);
        return [];
      case 'layer':
        return followLayer(image, event);
      case 'bytes':
        return this.#followBytes(image, event);
      case 'retry': {
        const seconds = (event.delayMs / 1000).toFixed(1);
        return setImage(image, 'working', 'Retrying', `${event.what}: ${event.why}; again in ${seconds}s`);
      }
      case 'done':
        return setImage(image, 'done', imageWords[image.action][1], event.isNew ? undefined : 'up to date');
      case 'failed':
        return setImage(image, 'failed', 'Error', event.reason);
      case 'skipped':
        return setImage(image, 'done', 'Skipped', event.reason);
    }
  }

  #followBytes(image: ImageProgress, event: Extract<ImageEvent, { readonly type: 'bytes' }>): Change[] {
    const layer = layerOf(image, event.digest, event.total);
    layer.done = event.done;
    // What had to be tried again goes on.
    if (image.text === 'Retrying') {
      image.text = imageWords[image.action][0];
      image.details = undefined;
    }
    const now = this.#now();
    if (now - (this.#told.get(layer) ?? Number.NEGATIVE_INFINITY) < pace) return [];
    this.#told.set(layer, now);
    return [{ ...changeOfLayer(image, layer), isStep: true }];
  }
}

function setImage(image: ImageProgress, state: ChangeState, text: string, details?: string): Change[] {
  Object.assign(image, { state, text, details });
  return [changeOf(image)];
}

function changeOf({ details, id, state, text }: ImageProgress): Change {
  return { id, text, state, ...(details !== undefined && { details }) };
}

function followLayer(image: ImageProgress, event: LayerEvent): Change[] {
  const layer = layerOf(image, event.digest, event.total);
  // An image may have one layer twice: the second time it is there already.
  if (layer.phase === event.phase || isOver(layer)) return [];
  layer.phase = event.phase;
  return [changeOfLayer(image, layer)];
}

function layerOf(image: ImageProgress, digest: string, total: number): LayerProgress {
  const known = image.layers.get(digest);
  if (known) return known;
  const id = digest.slice(digest.indexOf(':') + 1).slice(0, 12);
  const layer = { id, phase: undefined, done: 0, total, rate: new RateMeter() };
  image.layers.set(digest, layer);
  return layer;
}

export function isOver({ phase }: LayerProgress): boolean {
  return phase === 'done' || phase === 'exists' || phase === 'mounted';
}

export function layerText(image: ImageProgress, { phase }: LayerProgress): string {
  return phase === undefined ? 'Pending' : layerWords[image.action][phase];
}

function changeOfLayer(image: ImageProgress, layer: LayerProgress): Change {
  const over = isOver(layer);
  return {
    id: layer.id,
    parentId: image.id,
    text: layerText(image, layer),
    state: over ? 'done' : 'working',
    ...(!over && layer.total > 0 && { details: describeSize(layer.total) }),
    current: over ? layer.total : layer.done,
    total: layer.total,
  };
}
