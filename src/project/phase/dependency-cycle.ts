// Finds services that wait for each other.

import type { Services } from './select.ts';

/** The first cycle, as names from a service back to itself. Linear in services and dependencies. */
export function findDependencyCycle(services: Services): readonly string[] | undefined {
  const done = new Set<string>();
  const trail: string[] = [];
  const onTrail = new Set<string>();
  const visit = (name: string): readonly string[] | undefined => {
    if (onTrail.has(name)) return [...trail.slice(trail.indexOf(name)), name];
    if (done.has(name)) return undefined;
    trail.push(name);
    onTrail.add(name);
    for (const next of Object.keys(services[name]?.depends_on ?? {})) {
      const cycle = visit(next);
      if (cycle) return cycle;
    }
    trail.pop();
    onTrail.delete(name);
    done.add(name);
    return undefined;
  };
  for (const name of Object.keys(services)) {
    const cycle = visit(name);
    if (cycle) return cycle;
  }
  return undefined;
}
