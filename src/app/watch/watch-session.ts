// The loop: a batch of changes, what it means, doing it; until the user ends it. What fails is told, and the loop goes on.

import { joinErrors, TcError } from '../../base/error.ts';
import type { Engine, SourceBatch, SourceWatch } from '../../engine/ports.ts';
import { planRestart } from '../../plan/lifecycle.ts';
import type { ObservedContainer } from '../../plan/observed-state.ts';
import type { UpOptions } from '../../plan/up-options.ts';
import { planBatch, planCopies, type ServiceWork, type SourceChange } from '../../plan/watch-batch.ts';
import type { WatchRule } from '../../plan/watch-rules.ts';
import type { ProjectModel } from '../../project/model.ts';
import { carryOut } from '../carry-out.ts';
import { selectContainers } from '../containers.ts';
import type { AppContext } from '../context.ts';
import { formatInstant } from '../instant.ts';
import { rebuild } from './rebuild.ts';
import { runExec } from './run-execs.ts';
import { isPassing, type SyncTask, syncContainers } from './sync-containers.ts';
import type { OnWatchNotice } from './watch-notice.ts';

export interface SessionOptions {
  readonly model: ProjectModel;
  readonly rules: readonly WatchRule[];
  /** One source a rule, and behind them one for each of `files`. */
  readonly sources: SourceWatch;
  /** Of the project itself. */
  readonly files: readonly string[];
  /** Of the command. */
  readonly options: UpOptions;
  readonly prune: boolean;
  readonly quiet: boolean;
  readonly on: OnWatchNotice;
}

export class WatchSession {
  readonly #session: SessionOptions;
  /** Containers that have all that they should. Others get everything: what `initial_sync` is about, and all changes so far. */
  readonly #complete = new Set<string>();
  /** Containers that have started since copying into them began. */
  readonly #started = new Set<string>();
  /** By rule and path. */
  readonly #changed = new Map<string, SourceChange>();
  #busy: ReadonlySet<string> = new Set();

  constructor(session: SessionOptions) {
    this.#session = session;
  }

  /** Whether containers of the service end and start at its hands right now. */
  isBusyWith(service: string): boolean {
    return this.#busy.has(service);
  }

  /** Until the user interrupts. `settle` is called when containers may have been replaced. */
  async run(context: AppContext, settle: () => Promise<void> = () => Promise.resolve()): Promise<void> {
    const { on, rules, sources } = this.#session;
    const services = [...new Set(rules.map(({ service }) => service))];
    const listening = this.#listen(context, services);
    await this.#takeStock(context);
    await this.#syncAll(context, services.map(nothingFor));
    on({ type: 'enabled', services, rules: rules.length });
    for (;;) {
      const batch = await sources.next(context.interrupted);
      if (batch === undefined || context.interrupted.aborted) break;
      await this.#apply(context, batch, settle);
    }
    await listening;
    on({ type: 'ended' });
  }

  close(): void {
    this.#session.sources.close();
  }

  async #apply(context: AppContext, batch: SourceBatch, settle: () => Promise<void>): Promise<void> {
    const { on, rules } = this.#session;
    for (const error of batch.problems) on({ type: 'failed', services: [], error });
    this.#noteProject(batch.changes);
    const own = batch.changes.filter(({ rule }) => rule < rules.length);
    for (const change of own) this.#changed.set(`${change.rule} ${change.path}`, change);
    const services = [...new Set(rules.map(({ service }) => service))];
    // Somebody may have come who has not got everything.
    const works = own.length === 0 ? services.map(nothingFor) : planBatch(rules, own);
    this.#busy = new Set(
      works.flatMap((each) => (each.rebuild.length + each.restart.length > 0 ? [each.service] : [])),
    );
    try {
      await this.#attempt(context, servicesOf(works, 'rebuild'), () => this.#rebuild(context, works));
      const synced = await this.#syncAll(context, works);
      const ready = works.filter(({ service }) => synced.has(service));
      await this.#attempt(context, servicesOf(ready, 'restart'), () => this.#restart(context, ready));
      await Promise.all(ready.map((work) => this.#runExecs(context, work)));
      await settle();
    } finally {
      this.#busy = new Set();
    }
  }

  #noteProject(changes: readonly SourceChange[]): void {
    const { files, on, rules } = this.#session;
    const paths = changes.flatMap(({ rule }) => files[rule - rules.length] ?? []);
    if (paths.length > 0) on({ type: 'project-changed', paths: [...new Set(paths)] });
  }

  async #rebuild(context: AppContext, works: readonly ServiceWork[]): Promise<void> {
    const { model, on, options: up, prune, quiet } = this.#session;
    const due = works.filter((work) => work.rebuild.length > 0);
    const services = due.map(({ service }) => service);
    on({ type: 'rebuilding', services, paths: [...new Set(due.flatMap((work) => work.rebuild))] });
    const changed = await rebuild(context, { model, services, up, prune, quiet });
    for (const service of services) on({ type: 'rebuilt', service, isNew: changed.has(service) });
  }

  async #restart(context: AppContext, works: readonly ServiceWork[]): Promise<void> {
    const { model, on, options } = this.#session;
    const services = servicesOf(works, 'restart');
    const since = formatInstant(Date.now());
    const grace = options.timeout === undefined ? {} : { timeout: options.timeout };
    await carryOut(context, {
      verb: 'restart',
      project: model.name,
      model,
      decide: (state) => planRestart(model, state, { services, since, ...grace }),
    });
    on({ type: 'restarted', services });
  }

  /** The services whose containers have everything. */
  async #syncAll(context: AppContext, works: readonly ServiceWork[]): Promise<ReadonlySet<string>> {
    const done = await Promise.all(
      works.map(async (work) => {
        const isDone = await this.#attempt(context, [work.service], () => this.#sync(context, work));
        return isDone ? [work.service] : [];
      }),
    );
    return new Set(done.flat());
  }

  /** What runs already is taken to be as it was left, but for `initial_sync`. */
  async #takeStock(context: AppContext): Promise<void> {
    const { model } = this.#session;
    const engine = await context.engine('read');
    for (const { id, service } of (await engine.observe(model.name)).containers) {
      if (this.#listInitial(service).length === 0) this.#complete.add(id);
    }
  }

  /** Wakes the loop when a container starts that has not got everything: another command made it, or it was between two lives. */
  async #listen(context: AppContext, services: readonly string[]): Promise<void> {
    const { model, on, sources } = this.#session;
    const engine = await context.engine('read');
    try {
      const { interrupted: signal } = context;
      for await (const { action, id } of engine.events.read({ project: model.name, services, signal })) {
        if (action !== 'start') continue;
        this.#started.add(id);
        if (!this.#complete.has(id)) sources.wake();
      }
    } catch (error) {
      if (!context.interrupted.aborted) on({ type: 'failed', services: [], error });
    }
  }

  async #sync(context: AppContext, { service, sync }: ServiceWork): Promise<void> {
    const { model, on, rules } = this.#session;
    const engine = await context.engine('change');
    const state = await engine.observe(model.name);
    const containers = selectContainers(state, [service]).filter(isSettled);
    const count = sync.copies.length + sync.removals.length;
    if (containers.length === 0 && count > 0) on({ type: 'no-container', service });
    const everything = planCopies(rules, this.#listEverything(service));
    const tasks = containers
      .map(
        (container): SyncTask => ({
          container,
          work: this.#complete.has(container.id) ? sync : everything,
        }),
      )
      .filter(({ work }) => work.copies.length + work.removals.length > 0);
    for (const { id } of containers) this.#complete.add(id);
    if (tasks.length === 0) return;
    const done = await this.#copy(engine, tasks);
    if (done.length === 0) return;
    const most = done.reduce((left, right) =>
      right.work.copies.length > left.work.copies.length ? right : left,
    ).work;
    on({
      type: 'synced',
      service,
      containers: done.map(({ container }) => container.name),
      copied: most.copies.length,
      removed: most.removals.length,
      paths: sync.because,
      isInitial: count === 0,
    });
  }

  /** Those that have it. A container that comes and goes is told, and no failure. */
  async #copy(engine: Engine, tasks: readonly SyncTask[]): Promise<SyncTask[]> {
    const { on, sources } = this.#session;
    for (const { container } of tasks) this.#started.delete(container.id);
    const results = await syncContainers(engine, tasks);
    const problemsOf = ({ container }: SyncTask) => results.get(container.id) ?? [];
    const postponed = tasks.filter((task) => problemsOf(task).some(isPassing));
    for (const { container } of postponed) {
      this.#complete.delete(container.id);
      on({ type: 'postponed', service: container.service, container: container.name });
      if (this.#started.has(container.id)) sources.wake();
    }
    const problems = tasks.flatMap((task) => problemsOf(task).filter((problem) => !isPassing(problem)));
    if (problems.length > 0) throw joinErrors(problems);
    return tasks.filter((task) => !postponed.includes(task));
  }

  #listEverything(service: string): SourceChange[] {
    const { rules } = this.#session;
    const changed = [...this.#changed.values()].filter(({ rule }) => rules[rule]?.service === service);
    return [...this.#listInitial(service), ...changed];
  }

  #listInitial(service: string): SourceChange[] {
    const { rules, sources } = this.#session;
    return rules.flatMap((rule, index) =>
      rule.service === service && rule.initialSync ? sources.list(index) : [],
    );
  }

  async #runExecs(context: AppContext, { execs, service }: ServiceWork): Promise<void> {
    if (execs.length === 0) return;
    const { model, on } = this.#session;
    const engine = await context.engine('change');
    const state = await engine.observe(model.name);
    const running = selectContainers(state, [service]).filter((each) => each.state === 'running');
    if (running.length === 0) on({ type: 'no-container', service });
    await Promise.all(
      running.map((container) =>
        this.#attempt(context, [service], async () => {
          for (const exec of execs) {
            await runExec(context, engine, container, exec);
            on({ type: 'ran', container: container.name, command: exec.command });
          }
        }),
      ),
    );
  }

  /** False: it failed, which has been told. Nothing is done for nobody, and nothing after the user has had enough. */
  async #attempt(
    { interrupted }: AppContext,
    services: readonly string[],
    work: () => Promise<void>,
  ): Promise<boolean> {
    if (services.length === 0 || interrupted.aborted) return false;
    try {
      await work();
      return true;
    } catch (error) {
      const isEnd = interrupted.aborted || (error instanceof TcError && error.code === 'interrupted');
      if (!isEnd) this.#session.on({ type: 'failed', services, error });
      return false;
    }
  }
}

function nothingFor(service: string): ServiceWork {
  const sync = { because: [], copies: [], removals: [] };
  return { service, rebuild: [], sync, restart: [], execs: [] };
}

function servicesOf(works: readonly ServiceWork[], what: 'rebuild' | 'restart'): string[] {
  return works.flatMap((work) => (work[what].length > 0 ? [work.service] : []));
}

/** Of those that are just made, or just removed, another command takes care. */
function isSettled({ state }: ObservedContainer): boolean {
  return state !== 'creating' && state !== 'removing' && state !== 'dead';
}
