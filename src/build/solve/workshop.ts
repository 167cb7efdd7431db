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
import type { Digest } from '../../image/digest.ts';
import { formatPlatform, type Platform } from '../../image/platform.ts';
import type { SharedStep } from '../../image/step-cache/steps-document.ts';
import type { ImportedSteps } from '../cache/imported-steps.ts';
import { DigestMemory } from '../copy/digest-memory.ts';
import { Machine } from '../platform/machine.ts';
import type { BuildEvent, OnBuildEvent, StepText } from './event.ts';
import type { OpenedSource } from './opened-source.ts';
import { Sources } from './sources.ts';
import type { LayerNative, StepContainers } from './step-container.ts';
import type { TargetSource } from './target.ts';

export interface WorkshopOptions {
  readonly store: BuildStore;
  readonly native: LayerNative;
  readonly containers: StepContainers;
  readonly on: OnBuildEvent;
  readonly signal: AbortSignal;
  /** Commands at a time. */
  readonly parallel: number;
  /** Nothing is to run: Dockerfiles are checked. */
  readonly onlyChecks?: boolean;
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
  /** Asked for what is not known here. */
  readonly imported?: ImportedSteps | undefined;
  make(): Promise<StackedLayer>;
}

export class Workshop {
  readonly sources: Sources;
  readonly #digests: DigestMemory;
  readonly #freshDigests: DigestMemory;
  readonly options: WorkshopOptions;
  readonly machine = new Machine();
  /** Results of other requests by name: for contexts `service:name`. */
  readonly targets = new Map<string, TargetSource>();
  readonly #workspaces: string[] = [];
  readonly #closers: (() => void)[] = [];
  readonly #done = new Map<Digest, SharedStep>();
  readonly #running = new Map<string, Promise<StackedLayer>>();
  readonly #slots: Slots;
  #steps = 0;

  constructor(options: WorkshopOptions) {
    this.options = options;
    this.sources = new Sources(options.store, options.native);
    const { digests } = options.store;
    this.#digests = new DigestMemory(digests);
    this.#freshDigests = new DigestMemory({ read: () => new Map(), write: digests.write.bind(digests) });
    this.#slots = new Slots(options.parallel);
  }

  /** Whoever does not use the cache takes nothing from earlier builds: every file is read. */
  digests({ useCache }: { readonly useCache: boolean }): DigestMemory {
    return useCache ? this.#digests : this.#freshDigests;
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
  targetOf(name: string, asker: string): TargetSource {
    const target = this.targets.get(name);
    if (target === undefined) {
      throw new TcError(`the build of ${asker} needs that of ${name}, which is not part of this command`, {
        code: 'build-context',
      });
    }
    return target;
  }

  /** To be done when all builds have ended. */
  atEnd(close: () => void): void {
    this.#closers.push(close);
  }

  /** Ends what is open. Nothing of the builds runs any more. */
  async close(): Promise<void> {
    this.sources.close();
    for (const close of this.#closers.splice(0)) close();
    for (const directory of this.#workspaces.splice(0)) await this.store.removeTree(directory);
    for (const digests of [this.#digests, this.#freshDigests]) await digests.keep();
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

  async #lookUpOrMake(work: KeyedWork): Promise<StackedLayer> {
    const known = await this.lookUp(work);
    if (known) return known;
    const { step, keys, below, make } = work;
    const { store, signal } = this.options;
    const [key = ''] = keys;
    const lock = await store.lockKey(key, signal);
    try {
      // Whoever had the lock may have made it.
      const cached = await this.lookUp(work);
      if (cached) return cached;
      this.tell({ type: 'step', phase: 'started', ...step });
      const made = { created: new Date().toISOString(), ...(await make()) };
      await store.keep(keys, made, below);
      this.#remember(keys, made, below);
      this.tell({ type: 'step', phase: 'done', ...step });
      return made;
    } catch (error) {
      this.tell({ type: 'step', phase: 'failed', ...step });
      throw error;
    } finally {
      await lock.release();
    }
  }

  /** From the cache. A layer found by one of its keys is found by all of them from then on. */
  async lookUp(work: Omit<KeyedWork, 'make'>): Promise<StackedLayer | undefined> {
    const { step, keys, below, useCache, imported } = work;
    if (!useCache) return undefined;
    const { store } = this.options;
    const looks = keys.map((key) => ({ key, layer: store.findCached(key, below) }));
    const known = looks.find(({ layer }) => layer !== undefined)?.layer;
    const found = known ?? (await imported?.get(keys, below));
    if (found === undefined) return undefined;
    const others = looks.filter(({ layer }) => layer === undefined).map(({ key }) => key);
    if (others.length > 0) await store.keep(others, found, below);
    this.#remember(keys, found, below);
    this.tell({ type: 'step', phase: 'cached', ...step });
    return found;
  }

  #remember(keys: readonly string[], layer: StackedLayer, below: LayerStack): void {
    const { diffId, descriptor, created = new Date(0).toISOString() } = layer;
    const chainId = chainOf([...below, layer]).at(-1) as Digest;
    this.#done.set(chainId, { keys, chainId, diffId, created, layer: descriptor });
  }

  /** A step of this command, by the chain that ends with it. */
  stepOf(chainId: Digest): SharedStep | undefined {
    return this.#done.get(chainId);
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
