// The output of `ps`.

import type { ObservedContainer } from '../../plan/observed-state.ts';
import { type Listing, renderListing } from '../listing.ts';
import { type ContainerView, viewContainer } from './container-view.ts';

export interface ContainerListOptions {
  /** --format. */
  readonly format?: string;
  readonly noTrunc?: boolean;
  /** Ids only, whole. */
  readonly quiet?: boolean;
  /** Names of services only, each once. */
  readonly services?: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** In the order of names, numbers inside them by value: `web-2` before `web-10`. */
export function renderContainers(
  containers: readonly ObservedContainer[],
  options: ContainerListOptions,
): string {
  const sorted = containers.toSorted(
    (a, b) => order(a.service, b.service) || a.number - b.number || order(a.name, b.name),
  );
  if (options.quiet) return sorted.map((container) => `${container.id}\n`).join('');
  if (options.services) {
    return [...new Set(sorted.map((container) => container.service))].map((name) => `${name}\n`).join('');
  }
  return renderListing(listContainers(sorted, options), options.format);
}

function order(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function listContainers(
  containers: readonly ObservedContainer[],
  { noTrunc = false, now }: ContainerListOptions,
): Listing<ContainerView> {
  const labels = new Map<ContainerView, Readonly<Record<string, string>>>();
  const rows = containers.map((container) => {
    const view = viewContainer(container, { now, noTrunc });
    labels.set(view, container.labels);
    return view;
  });
  return {
    rows,
    columns: [
      { header: 'NAME', cell: (row) => row.Name },
      { header: 'IMAGE', cell: (row) => row.Image },
      { header: 'COMMAND', cell: (row) => row.Command },
      { header: 'SERVICE', cell: (row) => row.Service },
      { header: 'CREATED', cell: (row) => row.RunningFor },
      { header: 'STATUS', cell: (row) => row.Status },
      { header: 'PORTS', cell: (row) => row.Ports },
    ],
    headers: containerHeaders,
    methods: { Label: (row) => (name) => labels.get(row)?.[name] ?? '' },
    json: 'lines',
  };
}

const containerHeaders: Readonly<Record<keyof ContainerView, string>> = {
  Command: 'COMMAND',
  CreatedAt: 'CREATED AT',
  ExitCode: 'EXIT CODE',
  Health: 'HEALTH',
  ID: 'CONTAINER ID',
  Image: 'IMAGE',
  Labels: 'LABELS',
  LocalVolumes: 'LOCAL VOLUMES',
  Mounts: 'MOUNTS',
  Name: 'NAME',
  Names: 'NAMES',
  Networks: 'NETWORKS',
  Ports: 'PORTS',
  Project: 'PROJECT',
  Publishers: 'PUBLISHERS',
  RunningFor: 'CREATED',
  Service: 'SERVICE',
  Size: 'SIZE',
  State: 'STATE',
  Status: 'STATUS',
};
