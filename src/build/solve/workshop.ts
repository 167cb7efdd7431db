// What all builds of one command share: the store, opened trees, digests of files, and each step's result by its key, so
// that the same step of several images runs once.

import { TcError } from '../../base/error.ts';
import {
  type BaseImage,
  type BuildStore,
  chainOf,
  type LayerStack,
  type StackedLayer,
} from '../../image/build-store.ts';
import { formatPlatform, type Platform } from '../../image/platform.ts';
import type { DigestMemory } from '../copy/layer-archive.ts';
import type { BuildEvent, OnBuildEvent, StepText } from './event.ts';
import type { OpenedSource } from './opened-source.ts';
import { Sources } from './sources.ts';
import type { LayerNative, StepContainers } from './step-container.ts';
import type { Target } from './target.ts';

export interface WorkshopOptions {
  readonly store: BuildStore;
  readonly native: LayerNative;
  readonly containers: StepContainers;
  readonly on: OnBuildEvent;
  readonly signal: AbortSignal;
  /** Commands at a time. */
  readonly parallel: number;
}

export interface ImageWish {
  /** Relative paths of archives count from here. */
  readonly directory: string;
  readonly platform: Platform;
  /** Look again, also if it is here. */
  readonly pull: boolean;
}

export interface KeyedWork {
  readonly step: StepText;
  /** A layer that any of them names will do. */
  readonly keys: readonly string[];
  readonly below: LayerStack;
  readonly useCache: boolean;
  make(): Promise<StackedLayer>;
}

export class Workshop {
  readonly sources: Sources;
  readonly digests: DigestMemory = new Map();
  readonly options: WorkshopOptions;
  /** Results of other requests by name: for contexts `service:name`. */
  readonly targets = new Map<string, Target>();
  readonly #workspaces: string[] = [];
  readonly #running = new Map<string, Promise<StackedLayer>>();
  readonly #slots: Slots;
  #steps = 0;

  constructor(options: WorkshopOptions) {
    this.options = options;
    this.sources = new Sources(options.store, options.native);
    this.#slots = new Slots(options.parallel);
  }

  /** A directory that is there until the end of the command. */
  async workspace(): Promise<string> {
    const directory = await this.store.workspace();
    this.#workspaces.push(directory);
    return directory;
  }

  /** Layers as one tree, and what tells them from others. */
  async openLayers(layers: LayerStack, name: string): Promise<OpenedSource> {
    return { tree: await this.sources.layers(layers, name), identity: chainOf(layers).at(-1) ?? 'scratch' };
  }

  loadImage(reference: string, { directory, platform, pull }: ImageWish): Promise<BaseImage> {
    const { store, signal } = this.options;
    const policy = pull ? 'always' : 'missing';
    return store.base(reference, { directory, policy, platform: formatPlatform(platform), signal });
  }

  /** Of another request of this command. */
  targetOf(name: string, asker: string): Target {
    const target = this.targets.get(name);
    if (target === undefined) {
      throw new TcError(`the build of ${asker} needs that of ${name}, which is not part of this command`, {
        code: 'build-context',
      });
    }
    return target;
  }

  /** Ends what is open. Nothing of the builds runs any more. */
  async close(): Promise<void> {
    this.sources.close();
    for (const directory of this.#workspaces.splice(0)) await this.store.removeTree(directory);
  }

  get store(): BuildStore {
    return this.options.store;
  }

  tell(event: BuildEvent): void {
    this.options.on(event);
  }

  nextStep(build: string, title: string): StepText {
    this.#steps += 1;
    return { id: this.#steps, build, title };
  }

  /** From the cache, from another build of this command that is at it, or made now. */
  async solve(work: KeyedWork): Promise<StackedLayer> {
    this.options.signal.throwIfAborted();
    const [key = ''] = work.keys;
    const running = this.#running.get(key);
    if (running) {
      const layer = await running;
      this.tell({ type: 'step', phase: 'cached', ...work.step });
      return layer;
    }
    const solving = this.#lookUpOrMake(work);
    this.#running.set(key, solving);
    return solving;
  }

  async #lookUpOrMake({ step, keys, below, useCache, make }: KeyedWork): Promise<StackedLayer> {
    const { store, signal } = this.options;
    const [key = ''] = keys;
    const lock = await store.lockKey(key, signal);
    try {
      const cached = useCache ? await this.#findCached(keys, below) : undefined;
      if (cached) {
        this.tell({ type: 'step', phase: 'cached', ...step });
        return cached;
      }
      this.tell({ type: 'step', phase: 'started', ...step });
      const made = { created: new Date().toISOString(), ...(await make()) };
      await store.keep(keys, made, below);
      this.tell({ type: 'step', phase: 'done', ...step });
      return made;
    } catch (error) {
      this.tell({ type: 'step', phase: 'failed', ...step });
      throw error;
    } finally {
      await lock.release();
    }
  }

  async #findCached(keys: readonly string[], below: LayerStack): Promise<StackedLayer | undefined> {
    for (const key of keys) {
      const found = await this.options.store.findCached(key, below);
      if (found) return found;
    }
    return undefined;
  }

  /** Commands wait for one another here. */
  withSlot<T>(work: () => Promise<T>): Promise<T> {
    return this.#slots.use(work);
  }
}

class Slots {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(count: number) {
    this.#free = count;
  }

  async use<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    }
  }
}
