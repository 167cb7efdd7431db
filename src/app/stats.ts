// stats: what containers use, once or again and again.

import type { ContainerUsage } from '../engine/ports.ts';
import type { ObservedContainer } from '../plan/observed-state.ts';
import { selectContainers } from './containers.ts';
import type { AppContext } from './context.ts';
import { findNamedProject, requireKnownServices } from './named-project.ts';

export interface StatsOptions {
  readonly services: readonly string[];
  /** Containers that do not run, too. */
  readonly all: boolean;
  /** Go on until the user interrupts. */
  readonly follow: boolean;
  /** Seconds between two looks; default: 1. */
  readonly interval?: number;
}

export interface ContainerStats {
  readonly container: ObservedContainer;
  /** Absent: it does not run. */
  readonly usage?: ContainerUsage;
  /** Of one processor, over the time since the sample before; absent if that is not known. */
  readonly cpuPercent?: number;
}

/** Numbers that rise are told from two samples; the first two are this far apart. */
const FIRST_INTERVAL_MS = 300;

export async function* stats(context: AppContext, options: StatsOptions): AsyncGenerator<ContainerStats[]> {
  const project = await findNamedProject(context);
  const engine = await context.engine('read');
  await requireKnownServices(options.services, project, await engine.observe(project.name));
  const sample = async () => {
    const found = selectContainers(await engine.observe(project.name), options.services);
    const chosen = found.filter(({ pid }) => options.all || pid !== undefined);
    return Promise.all(
      chosen.map(async (container) => ({ container, usage: await engine.measure(container) })),
    );
  };
  const { interrupted } = context;
  const interval = (options.interval ?? 1) * 1000;
  for (let before = await sample(), wait = FIRST_INTERVAL_MS; ; wait = interval) {
    if (!(await pause(wait, interrupted))) return;
    const now = await sample();
    yield compare(before, now);
    if (!options.follow) return;
    before = now;
  }
}

function compare(before: readonly ContainerStats[], now: readonly ContainerStats[]): ContainerStats[] {
  const earlier = new Map(before.map(({ container, usage }) => [container.id, usage]));
  return now.map(({ container, usage }) => {
    const cpuPercent = usage && computeCpu(earlier.get(container.id), usage);
    return { container, ...(usage && { usage }), ...(cpuPercent === undefined ? {} : { cpuPercent }) };
  });
}

/** A container that was started anew in between counts from the beginning. */
function computeCpu(before: ContainerUsage | undefined, now: ContainerUsage): number | undefined {
  if (before?.cpuNs === undefined || now.cpuNs === undefined || now.cpuNs < before.cpuNs) return undefined;
  return (100 * (now.cpuNs - before.cpuNs)) / ((now.at - before.at) * 1e6);
}

/** False: the signal fired. */
function pause(milliseconds: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const stop = () => {
      clearTimeout(timer);
      resolve(false);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve(true);
    }, milliseconds);
    signal.addEventListener('abort', stop, { once: true });
  });
}
