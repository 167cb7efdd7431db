// Ports in the notation of `docker ps`.

import type { ObservedContainer } from '../../plan/observed-state.ts';

/** A port as `ps` lists it; one that is not published has neither address nor number on the host. */
export interface ListedPort {
  readonly address: string;
  readonly published: number;
  readonly target: number;
  readonly protocol: string;
}

export function listPorts({ exposed = [], publishers }: ObservedContainer): ListedPort[] {
  const unpublished = exposed.map((port) => ({ address: '', published: 0, ...port }));
  return [...publishers, ...unpublished].sort(comparePorts);
}

interface Run extends ListedPort {
  length: number;
}

/**
 * `0.0.0.0:8080->80/tcp, [::]:8080->80/tcp`, `5432/tcp`. Consecutive ports that keep their number, or have none on the
 * host, are one run, `0.0.0.0:80-82->80-82/tcp`, and come first.
 */
export function describePorts(ports: readonly ListedPort[]): string {
  const runs: Run[] = [];
  for (const port of ports) {
    const previous = runs.find((run) => continues(run, port));
    if (previous) previous.length += 1;
    else runs.push({ ...port, length: 1 });
  }
  const isPlain = (run: Run) => run.published === run.target || run.published === 0;
  const ordered = [...runs.filter(isPlain), ...runs.filter((run) => !isPlain(run))];
  return ordered.map(formatRun).join(', ');
}

function continues(run: Run, { address, protocol, published, target }: ListedPort): boolean {
  const isAlike =
    run.published === 0 ? published === 0 : run.published === run.target && published === target;
  return (
    isAlike && run.address === address && run.protocol === protocol && target === run.target + run.length
  );
}

function formatRun({ address, length, protocol, published, target }: Run): string {
  const range = (first: number) => (length === 1 ? `${first}` : `${first}-${first + length - 1}`);
  if (published === 0) return `${range(target)}/${protocol}`;
  const host = address.includes(':') ? `[${address}]` : address;
  return `${host}:${range(published)}->${range(target)}/${protocol}`;
}

function comparePorts(a: ListedPort, b: ListedPort): number {
  const order = (left: string, right: string) => (left < right ? -1 : Number(left > right));
  return (
    a.target - b.target ||
    order(a.address, b.address) ||
    a.published - b.published ||
    order(a.protocol, b.protocol)
  );
}
