// A line of events.jsonl. Pure.

import type { ContainerEvent, EventRequest } from './event-port.ts';

/** Undefined: it is about something else, or was written by halves. */
export function parseEvent(
  line: string,
  { project, services }: Pick<EventRequest, 'project' | 'services'>,
): ContainerEvent | undefined {
  const entry = parse(line);
  if (entry?.['type'] !== 'container' || entry['project'] !== project || entry['oneOff'] === true)
    return undefined;
  const { action, attributes, id, service, time } = entry as unknown as ContainerEvent;
  if (services.length > 0 && !services.includes(service)) return undefined;
  return { time, service, id, action, attributes };
}

function parse(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
