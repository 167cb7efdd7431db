// Runs the nodes of a plan: each after those it depends on, heavy effects a few at a time, light ones and waits beside
// them. Knows nothing of what the nodes do. When only waits are left to run, the owner may let go of its lock.

import type { NodeId } from '../../plan/operation.ts';

export interface ScheduledNode {
  readonly id: NodeId;
  readonly dependsOn: readonly NodeId[];
}

export interface Schedule<N extends ScheduledNode> {
  readonly nodes: readonly N[];
  /** Heavy effects at a time. */
  readonly parallel: number;
  readonly signal?: AbortSignal;
  /** A node that fails holds nobody back: what waits for it runs, as if it had been done. */
  readonly keepGoing?: boolean;
  weigh(node: N): Weight;
  /** `signal` fires when the plan fails or is cancelled: waits end at once, effects run to their end. */
  run(node: N, signal: AbortSignal): Promise<void>;
  /** Only waits are running. */
  onIdle(): void;
  /** An effect is about to run after an idle time; if it rejects, the plan has failed. */
  onResume(): Promise<void>;
}

/** `heavy` keeps a processor busy; `light` mostly waits for others; a `wait` changes nothing. */
export type Weight = 'heavy' | 'light' | 'wait';

/** Resolves when all nodes are done; rejects with the first failure once everything that ran has ended. */
export function runSchedule<N extends ScheduledNode>(schedule: Schedule<N>): Promise<void> {
  return new Run(schedule).start();
}

class Run<N extends ScheduledNode> {
  readonly #schedule: Schedule<N>;
  readonly #stop = new AbortController();
  readonly #missing = new Map<NodeId, number>();
  readonly #dependents = new Map<NodeId, N[]>();
  readonly #ready: N[] = [];
  #left: number;
  readonly #running = { heavy: 0, light: 0, wait: 0 };
  #idle = false;
  #resuming = false;
  #failure: { readonly error: unknown } | undefined;
  /** The first of those that held nobody back. */
  #setback: { readonly error: unknown } | undefined;
  #settle: (() => void) | undefined;

  constructor(schedule: Schedule<N>) {
    this.#schedule = schedule;
    this.#left = schedule.nodes.length;
    for (const node of schedule.nodes) {
      this.#missing.set(node.id, node.dependsOn.length);
      if (node.dependsOn.length === 0) this.#ready.push(node);
      for (const id of node.dependsOn) {
        const dependents = this.#dependents.get(id);
        if (dependents) dependents.push(node);
        else this.#dependents.set(id, [node]);
      }
    }
  }

  async start(): Promise<void> {
    const { signal } = this.#schedule;
    const cancel = () => this.#fail(signal?.reason);
    signal?.addEventListener('abort', cancel, { once: true });
    if (signal?.aborted) cancel();
    const ended = new Promise<void>((resolve) => {
      this.#settle = resolve;
    });
    this.#advance();
    await ended;
    signal?.removeEventListener('abort', cancel);
    const { error } = this.#failure ?? this.#setback ?? {};
    if (this.#failure || this.#setback) throw error;
  }

  #advance(): void {
    if (!this.#failure) this.#launch();
    const { heavy, light, wait } = this.#running;
    const effects = heavy + light;
    if (effects + wait === 0 && !this.#resuming && (this.#left === 0 || this.#failure)) {
      this.#settle?.();
      return;
    }
    if (effects === 0 && wait > 0 && !this.#idle && !this.#failure && !this.#hasReadyEffect()) {
      this.#idle = true;
      this.#schedule.onIdle();
    }
  }

  #launch(): void {
    for (let i = 0; i < this.#ready.length; ) {
      const node = this.#ready[i];
      if (node === undefined) return;
      const weight = this.#schedule.weigh(node);
      if (weight !== 'wait' && this.#idle) {
        this.#resume();
        return;
      }
      if (weight === 'heavy' && this.#running.heavy >= this.#schedule.parallel) {
        i += 1;
        continue;
      }
      this.#ready.splice(i, 1);
      this.#run(node, weight);
    }
  }

  #hasReadyEffect(): boolean {
    return this.#ready.some((node) => this.#schedule.weigh(node) !== 'wait');
  }

  #resume(): void {
    if (this.#resuming) return;
    this.#resuming = true;
    this.#schedule
      .onResume()
      .then(
        () => {
          this.#idle = false;
        },
        (error) => this.#fail(error),
      )
      .finally(() => {
        this.#resuming = false;
        this.#advance();
      });
  }

  #run(node: N, weight: Weight): void {
    this.#running[weight] += 1;
    this.#schedule
      .run(node, this.#stop.signal)
      .then(
        () => this.#complete(node),
        (error) => this.#miss(node, error),
      )
      .finally(() => {
        this.#running[weight] -= 1;
        this.#advance();
      });
  }

  #complete(node: N): void {
    this.#left -= 1;
    for (const dependent of this.#dependents.get(node.id) ?? []) {
      const missing = (this.#missing.get(dependent.id) ?? 0) - 1;
      this.#missing.set(dependent.id, missing);
      if (missing === 0) this.#ready.push(dependent);
    }
  }

  #miss(node: N, error: unknown): void {
    if (this.#schedule.keepGoing && !this.#stop.signal.aborted) {
      this.#setback ??= { error };
      this.#complete(node);
    } else this.#fail(error);
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#stop.abort(error);
    // Nothing may be running: then nobody else notices.
    queueMicrotask(() => this.#advance());
  }
}
