// Follows the containers of an attached `up`: passes on what they print, tells when they end.

import { abortable } from '../base/async.ts';
import type { Engine } from '../engine/ports.ts';
import type { ObservedContainer } from '../plan/observed-state.ts';
import { selectContainers, sourceOf } from './containers.ts';
import type { AppContext } from './context.ts';
import { FollowedContainer, hasEnded } from './followed-container.ts';

export interface FollowerOptions {
  readonly project: string;
  /** Services whose containers are watched. */
  readonly services: ReadonlySet<string>;
  /** Services whose output is passed on. */
  readonly shown: ReadonlySet<string>;
  /** RFC 3339: older output is not shown. */
  readonly since: string;
  onEnd(end: ContainerEnd): void;
}

export interface ContainerEnd {
  readonly service: string;
  readonly exitCode: number;
}

export class Follower {
  readonly #context: AppContext;
  readonly #options: FollowerOptions;
  readonly #closed = new AbortController();
  readonly #followed = new Map<string, FollowedContainer>();
  #endedBefore: ObservedContainer[] = [];
  #discovering: Promise<void> = Promise.resolve();

  constructor(context: AppContext, options: FollowerOptions) {
    this.#context = context;
    this.#options = options;
  }

  /** Looks for containers that are not followed yet. Failures show when `discover` is awaited at the latest. */
  discoverSoon(): void {
    this.#discovering = this.#discovering.then(() => this.#discover());
    this.#discovering.catch(() => undefined);
  }

  async discover(): Promise<void> {
    this.discoverSoon();
    await this.#discovering;
  }

  /** The end of a service that this run had no reason to start again. */
  findEarlierEnd(service: string): ContainerEnd | undefined {
    const found = this.#endedBefore.find((container) => container.service === service);
    return found && { service, exitCode: found.exitCode ?? 0 };
  }

  /** Resolves when every container of the services has ended for good, rejects when the signal fires. */
  async waitForEnds(services: ReadonlySet<string>, signal?: AbortSignal): Promise<void> {
    const waited = [...this.#followed.values()].filter(({ container }) => services.has(container.service));
    await abortable(Promise.all(waited.map((followed) => followed.ended)), signal);
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await Promise.allSettled([...this.#followed.values()].map((followed) => followed.finished));
  }

  async #discover(): Promise<void> {
    const engine = await this.#context.engine('read');
    const state = await engine.observe(this.#options.project);
    this.#endedBefore = [];
    for (const container of selectContainers(state, [...this.#options.services])) {
      if (this.#followed.has(container.id) || container.startedAt === undefined) continue;
      if (hasEnded(container) && container.startedAt < this.#options.since) this.#endedBefore.push(container);
      else this.#followed.set(container.id, this.#follow(engine, container));
    }
  }

  /** Its end is part of an update: another container runs in its place. */
  #isSuperseded({ id }: ObservedContainer): boolean {
    return [...this.#followed.values()].some(({ container }) => container.replaces === id);
  }

  #follow(engine: Engine, container: ObservedContainer): FollowedContainer {
    const isShown = this.#options.shown.has(container.service);
    const source = sourceOf(container);
    return new FollowedContainer(engine, container, {
      since: this.#options.since,
      signal: this.#closed.signal,
      onRecord: isShown ? (record) => this.#context.on({ type: 'output', source, record }) : undefined,
      onExit: (exitCode, restarting) => {
        if (isShown) this.#context.on({ type: 'exited', source, exitCode, restarting });
        if (!restarting && !this.#isSuperseded(container))
          this.#options.onEnd({ service: container.service, exitCode });
      },
    });
  }
}
