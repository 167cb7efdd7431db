// events: what happens to the services' containers.

import type { ContainerEvent } from '../engine/ports.ts';
import type { AppContext } from './context.ts';
import { parseInstant } from './instant.ts';
import { findNamedProject, requireKnownServices } from './named-project.ts';

export interface EventsOptions {
  readonly services: readonly string[];
  /** An instant, or how long ago. Absent: from now on. */
  readonly since?: string;
  /** Absent: until the user interrupts. */
  readonly until?: string;
}

export async function* events(
  context: AppContext,
  { services, since, until }: EventsOptions,
): AsyncGenerator<ContainerEvent> {
  const now = Date.now();
  const from = parseInstant('since', since, now);
  const to = parseInstant('until', until, now);
  const project = await findNamedProject(context);
  const engine = await context.engine('read');
  if (services.length > 0) await requireKnownServices(services, project, await engine.observe(project.name));
  yield* engine.events.read({
    project: project.name,
    services,
    signal: context.interrupted,
    ...(from === undefined ? {} : { since: from }),
    ...(to === undefined ? {} : { until: to }),
  });
}
