// Finds services that wait for each other.

import type { Services } from './select.ts';

/** The first cycle, as names from a service back to itself. Linear in services and dependencies; chains may be long. */
export function findDependencyCycle(services: Services): readonly string[] | undefined {
  const done = new Set<string>();
  for (const start of Object.keys(services)) {
    const cycle = done.has(start) ? undefined : walk(start, services, done);
    if (cycle) return cycle;
  }
  return undefined;
}

/** Depth first from one service. */
function walk(start: string, services: Services, done: Set<string>): readonly string[] | undefined {
  const trail = [start];
  const onTrail = new Set(trail);
  const pending = [namesNeeded(start, services)];
  for (let names = pending.at(-1); names; names = pending.at(-1)) {
    const { value: next, done: isExhausted } = names.next();
    if (isExhausted) {
      pending.pop();
      const last = trail.pop() ?? start;
      onTrail.delete(last);
      done.add(last);
    } else if (onTrail.has(next)) {
      return [...trail.slice(trail.indexOf(next)), next];
    } else if (!done.has(next)) {
      trail.push(next);
      onTrail.add(next);
      pending.push(namesNeeded(next, services));
    }
  }
  return undefined;
}

function namesNeeded(name: string, services: Services): Iterator<string, undefined> {
  return Object.keys(services[name]?.depends_on ?? {}).values();
}
