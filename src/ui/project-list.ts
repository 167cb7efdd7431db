// The output of `ls`, `volumes` and `version`.

import type { ProjectSummary } from '../engine/ports.ts';
import type { ObservedVolume } from '../plan/observed-state.ts';
import { formatLabels } from './container/container-view.ts';
import { type Listing, renderListing } from './listing.ts';

export interface ListOptions {
  /** --format. */
  readonly format?: string;
  /** Names only. */
  readonly quiet?: boolean;
}

interface ProjectView {
  readonly Name: string;
  readonly Status: string;
  readonly ConfigFiles: string;
}

export function renderProjects(projects: readonly ProjectSummary[], options: ListOptions): string {
  const rows = projects.map(viewProject).sort((a, b) => (a.Name < b.Name ? -1 : 1));
  if (options.quiet) return rows.map((row) => `${row.Name}\n`).join('');
  const listing: Listing<ProjectView> = {
    rows,
    columns: [
      { header: 'NAME', cell: (row) => row.Name },
      { header: 'STATUS', cell: (row) => row.Status },
      { header: 'CONFIG FILES', cell: (row) => row.ConfigFiles },
    ],
    headers: { Name: 'NAME', Status: 'STATUS', ConfigFiles: 'CONFIG FILES' },
    json: 'array',
    shape: { minimumWidth: 20 },
  };
  return renderListing(listing, options.format);
}

/** Status is `exited(1), running(2)`: states by name, with how many containers are in each. */
function viewProject({ configFiles, name, states }: ProjectSummary): ProjectView {
  const counts = Object.keys(states).sort();
  return {
    Name: name,
    Status: counts.map((state) => `${state}(${states[state]})`).join(', '),
    ConfigFiles: configFiles.join(','),
  };
}

/** Fields as Docker's CLI writes them; what it knows of cluster volumes alone is N/A there, too. */
interface VolumeView {
  readonly Availability: string;
  readonly Driver: string;
  readonly Group: string;
  readonly Labels: string;
  readonly Links: string;
  readonly Mountpoint: string;
  readonly Name: string;
  readonly Scope: string;
  readonly Size: string;
  readonly Status: string;
}

const unknown = 'N/A';

const volumeHeaders: Readonly<Record<keyof VolumeView, string>> = {
  Availability: 'AVAILABILITY',
  Driver: 'DRIVER',
  Group: 'GROUP',
  Labels: 'LABELS',
  Links: 'LINKS',
  Mountpoint: 'MOUNTPOINT',
  Name: 'VOLUME NAME',
  Scope: 'SCOPE',
  Size: 'SIZE',
  Status: 'STATUS',
};

function viewVolume({ labels, name, path, recorded }: ObservedVolume): VolumeView {
  return {
    Availability: unknown,
    Driver: recorded.driver ?? 'local',
    Group: unknown,
    Labels: formatLabels(labels),
    Links: unknown,
    Mountpoint: path ?? unknown,
    Name: name,
    Scope: 'local',
    Size: unknown,
    Status: unknown,
  };
}

export function renderVolumes(volumes: readonly ObservedVolume[], options: ListOptions): string {
  const rows = volumes.map(viewVolume).sort((a, b) => (a.Name < b.Name ? -1 : 1));
  if (options.quiet) return rows.map((row) => `${row.Name}\n`).join('');
  const listing: Listing<VolumeView> = {
    rows,
    columns: [
      { header: 'DRIVER', cell: (row) => row.Driver },
      { header: 'VOLUME NAME', cell: (row) => row.Name },
    ],
    headers: volumeHeaders,
    json: 'lines',
  };
  return renderListing(listing, options.format);
}

/** `--short` and `--format json` as Docker Compose has them. */
export function renderVersion(
  { version }: { readonly version: string },
  { format, short }: { readonly format?: string; readonly short?: boolean },
): string {
  if (short) return `${version}\n`;
  return format === 'json'
    ? `${JSON.stringify({ version: `v${version}` })}\n`
    : `tcompose version v${version}\n`;
}
