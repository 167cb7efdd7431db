// up in the foreground: start, show what the containers print, and stop them when the user or a container ends it.

import { TcError } from '../base/error.ts';
import type { ExecuteEvent } from '../engine/ports.ts';
import { planKill, planStop } from '../plan/lifecycle.ts';
import type { ObservedState } from '../plan/observed-state.ts';
import { desiredScale, type Selection, selectServices } from '../plan/selection.ts';
import type { UpOptions } from '../plan/up-options.ts';
import type { ProjectModel } from '../project/model.ts';
import { carryOut, type Outcome } from './carry-out.ts';
import type { AppContext } from './context.ts';
import { type ContainerEnd, Follower } from './follower.ts';
import { executeUp, type ImageChoice, type PreparedUp, prepareUp } from './up.ts';
import type { WatchChoice } from './watch/open-watch.ts';
import type { WatchSession } from './watch/watch-session.ts';

export interface AttachOptions {
  /** Show these only. */
  readonly attach: readonly string[];
  readonly noAttach: readonly string[];
  readonly attachDependencies: boolean;
  /** Stop everything as soon as a container ends, or ends badly. */
  readonly abortOn?: 'exit' | 'failure';
  readonly exitCodeFrom?: string;
  /** Keep the services as their sources are, too. */
  readonly watch?: WatchChoice;
}

export interface AttachedResult {
  readonly outcome?: Outcome;
  readonly exitCode: number;
}

const interruptedExitCode = 130;
const neverAborted = new AbortController().signal;

export async function attachedUp(
  context: AppContext,
  options: UpOptions,
  attach: AttachOptions,
  images?: ImageChoice,
): Promise<AttachedResult> {
  if (attach.watch === undefined) return attachTo(context, options, { attach, images });
  const { openWatch } = await import('./watch/open-watch.ts');
  const opened = await openWatch(context, options, attach.watch);
  try {
    return await attachTo(opened.context, options, { attach, images, session: opened.session });
  } finally {
    opened.session.close();
  }
}

interface Attachment {
  readonly attach: AttachOptions;
  readonly images: ImageChoice | undefined;
  readonly session?: WatchSession;
}

async function attachTo(
  context: AppContext,
  options: UpOptions,
  { attach, images, session }: Attachment,
): Promise<AttachedResult> {
  const prepared = await prepareUp(context, options, images);
  const selection = selectServices(prepared.model, options);
  checkAttached(prepared.model, selection, attach);
  if (context.dryRun) return { outcome: await executeUp(context, 'up', prepared), exitCode: 0 };
  const run = new AttachedRun(context, prepared, selection, attach, session);
  try {
    return { exitCode: await run.toEnd() };
  } finally {
    await run.dispose();
  }
}

class AttachedRun {
  readonly #context: AppContext;
  readonly #prepared: PreparedUp;
  readonly #selection: Selection;
  readonly #attach: AttachOptions;
  readonly #session: WatchSession | undefined;
  readonly #shown: ReadonlySet<string>;
  readonly #follower: Follower;
  /** Fires when a container's end ends the run. */
  readonly #aborted = new AbortController();
  /** The end whose exit code is the run's. */
  #deciding: ContainerEnd | undefined;

  constructor(
    context: AppContext,
    prepared: PreparedUp,
    selection: Selection,
    attach: AttachOptions,
    session?: WatchSession,
  ) {
    this.#session = session;
    this.#context = context;
    this.#prepared = prepared;
    this.#selection = selection;
    this.#attach = attach;
    this.#shown = shownServices(prepared.model, selection, attach);
    this.#follower = new Follower(context, {
      project: prepared.model.name,
      services: selection.selected,
      shown: this.#shown,
      since: prepared.options.since as string,
      onEnd: (end) => this.#considerEnd(end),
    });
  }

  async toEnd(): Promise<number> {
    this.#context.on({ type: 'sources', sources: this.#expectSources() });
    const ended = AbortSignal.any([this.#context.interrupted, this.#aborted.signal]);
    const context = { ...this.#context, interrupted: ended, on: this.#observeProgress };
    try {
      await executeUp(context, 'up', this.#prepared);
      await this.#follower.discover();
      this.#considerEarlierEnd();
      // A service that has ended may run again after the next change.
      if (this.#session) await this.#session.run(context, () => this.#follower.discover());
      else await this.#follower.waitForEnds(this.#endingServices(), ended);
    } catch (error) {
      if (!ended.aborted) throw error;
    }
    if (ended.aborted) await this.#stop();
    return this.#context.interrupted.aborted ? interruptedExitCode : (this.#deciding?.exitCode ?? 0);
  }

  dispose(): Promise<void> {
    return this.#follower.close();
  }

  #expectSources() {
    const { model, options } = this.#prepared;
    const { separator = '-' } = options;
    const shown = Object.values(model.services).filter((service) => this.#shown.has(service.name));
    return shown.flatMap((service) =>
      Array.from({ length: desiredScale(service, options) }, (_, index) => ({
        service: service.name,
        number: index + 1,
        label: service.container_name ?? [service.name, index + 1].join(separator),
      })),
    );
  }

  /** Each container is followed from its start, since others may wait long for its health. */
  readonly #observeProgress = (event: ExecuteEvent): void => {
    this.#context.on(event);
    const isStart =
      event.type === 'node' && event.phase === 'done' && event.operation.kind === 'start-container';
    if (isStart) this.#follower.discoverSoon();
  };

  #considerEnd(end: ContainerEnd): void {
    const { abortOn, exitCodeFrom } = this.#attach;
    if (abortOn === undefined || this.#context.interrupted.aborted) return;
    if (this.#session?.isBusyWith(end.service)) return;
    if (exitCodeFrom !== undefined && end.service === exitCodeFrom) this.#deciding = end;
    if (this.#aborted.signal.aborted) return;
    if (end.exitCode === 0 && (abortOn === 'failure' || isAwaited(end.service, this.#prepared.model))) return;
    if (exitCodeFrom === undefined) this.#deciding = end;
    this.#aborted.abort(endReason(end));
  }

  /** A one-shot that had succeeded before is not run again, and still has an exit code. */
  #considerEarlierEnd(): void {
    const { exitCodeFrom } = this.#attach;
    const end = exitCodeFrom === undefined ? undefined : this.#follower.findEarlierEnd(exitCodeFrom);
    if (end === undefined) return;
    this.#deciding = end;
    this.#aborted.abort(endReason(end));
  }

  /** Named services when the user named some: their dependencies may go on running. */
  #endingServices(): ReadonlySet<string> {
    return this.#attach.attachDependencies ? this.#selection.selected : this.#selection.named;
  }

  /** As if there were nothing but what this run may stop. */
  #own(state: ObservedState): ObservedState {
    const { selected } = this.#selection;
    return { ...state, containers: state.containers.filter(({ service }) => selected.has(service)) };
  }

  async #stop(): Promise<void> {
    const { model, options } = this.#prepared;
    this.#context.on({
      type: 'stopping',
      because: this.#context.interrupted.aborted ? 'interrupt' : 'container-exit',
    });
    try {
      await carryOut(this.#context, {
        verb: 'stop',
        project: model.name,
        model,
        signal: this.#context.forced,
        decide: (state) => planStop(model, this.#own(state), { timeout: options.timeout }),
      });
    } catch (error) {
      if (!this.#context.forced.aborted) throw error;
      await carryOut(this.#context, {
        verb: 'kill',
        project: model.name,
        model,
        signal: neverAborted,
        decide: (state) => planKill(model, this.#own(state), { signal: 'SIGKILL' }),
      });
    }
    await this.#follower.waitForEnds(this.#selection.selected);
  }
}

function endReason({ exitCode, service }: ContainerEnd): Error {
  return new Error(`${service} exited with code ${exitCode}`);
}

function checkAttached(model: ProjectModel, selection: Selection, attach: AttachOptions): void {
  const named = [attach.exitCodeFrom, ...attach.attach].filter((name) => name !== undefined);
  for (const name of named) {
    if (selection.selected.has(name)) continue;
    const why =
      name in model.services ? 'is not among the services to start' : 'is no service of the project';
    throw new TcError(`${name} ${why}`, {
      code: 'no-such-service',
      hints: [`the services to start are ${[...selection.selected].join(', ')}`],
    });
  }
}

function shownServices(
  model: ProjectModel,
  selection: Selection,
  attach: AttachOptions,
): ReadonlySet<string> {
  const wide = attach.attachDependencies ? selection.selected : selection.named;
  const candidates = attach.attach.length > 0 ? attach.attach : [...wide];
  const shown = candidates.filter(
    (name) => attach.attach.length > 0 || model.services[name]?.attach !== false,
  );
  return new Set(shown.filter((name) => !attach.noAttach.includes(name)));
}

/** A one-shot whose success others wait for: its end is part of the start. */
function isAwaited(service: string, model: ProjectModel): boolean {
  return Object.values(model.services).some(
    (other) => other.depends_on[service]?.condition === 'service_completed_successfully',
  );
}
