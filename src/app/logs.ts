// logs: what the services' containers printed, in the order of time.

import { TcError } from '../base/error.ts';
import type { ObservedContainer } from '../plan/observed-state.ts';
import { selectContainers, sourceOf } from './containers.ts';
import type { AppContext } from './context.ts';
import { parseInstant } from './instant.ts';
import { findNamedProject, requireKnownServices } from './named-project.ts';

export interface LogsOptions {
  readonly services: readonly string[];
  readonly index?: number;
  readonly follow: boolean;
  readonly tail: number | 'all';
  /** An instant, or how long ago. */
  readonly since?: string;
  readonly until?: string;
}

function chooseReplicas(
  containers: readonly ObservedContainer[],
  index: number | undefined,
): readonly ObservedContainer[] {
  const chosen = containers.filter(({ number }) => index === undefined || number === index);
  if (chosen.length > 0 || index === undefined) return chosen;
  throw new TcError(`there is no replica ${index}`, {
    code: 'no-container',
    hints: ['`tcompose ps -a` lists those that there are'],
  });
}

/** Passes each line on as an event; with `follow` until the user interrupts or all containers are removed. */
export async function logs(context: AppContext, options: LogsOptions): Promise<void> {
  const { index, follow, tail, services } = options;
  const now = Date.now();
  const since = parseInstant('since', options.since, now);
  const until = parseInstant('until', options.until, now);
  const project = await findNamedProject(context);
  const engine = await context.engine('read');
  const state = await engine.observe(project.name);
  await requireKnownServices(services, project, state);
  const containers = chooseReplicas(selectContainers(state, services), index);
  const sources = new Map(containers.map((container) => [container.id, sourceOf(container)]));
  context.on({ type: 'sources', sources: [...sources.values()] });
  const signal = context.interrupted;
  for await (const record of engine.logs.read({ containers, follow, tail, since, until, signal })) {
    const source = sources.get(record.containerId);
    if (source !== undefined) context.on({ type: 'output', source, record });
  }
}
