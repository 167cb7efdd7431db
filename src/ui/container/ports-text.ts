// Published ports in the notation of `docker ps`.

import type { ObservedPublisher } from '../../plan/observed-state.ts';

interface Run {
  readonly address: string;
  readonly protocol: string;
  readonly published: number;
  readonly target: number;
  length: number;
}

/**
 * `0.0.0.0:8080->80/tcp, [::]:8080->80/tcp`. Consecutive ports that keep their number are one run, `0.0.0.0:80-82->80-82/tcp`,
 * and come first.
 */
export function describePorts(publishers: readonly ObservedPublisher[]): string {
  const runs: Run[] = [];
  for (const publisher of publishers.toSorted(comparePublishers)) {
    const previous = runs.find((run) => continues(run, publisher));
    if (previous) previous.length += 1;
    else runs.push({ ...publisher, length: 1 });
  }
  const isSame = (run: Run) => run.published === run.target;
  const ordered = [...runs.filter(isSame), ...runs.filter((run) => !isSame(run))];
  return ordered.map(formatRun).join(', ');
}

function continues(run: Run, { address, protocol, published, target }: ObservedPublisher): boolean {
  return (
    run.address === address &&
    run.protocol === protocol &&
    run.published === run.target &&
    published === target &&
    target === run.target + run.length
  );
}

function formatRun({ address, length, protocol, published, target }: Run): string {
  const host = address.includes(':') ? `[${address}]` : address;
  const range = (first: number) => (length === 1 ? `${first}` : `${first}-${first + length - 1}`);
  return `${host}:${range(published)}->${range(target)}/${protocol}`;
}

export function comparePublishers(a: ObservedPublisher, b: ObservedPublisher): number {
  const order = (left: string, right: string) => (left < right ? -1 : Number(left > right));
  return (
    a.target - b.target ||
    order(a.address, b.address) ||
    a.published - b.published ||
    order(a.protocol, b.protocol)
  );
}
