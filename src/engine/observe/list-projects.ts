// The projects of an instance, from their objects.

import type { InstancePaths } from '../instance/paths.ts';
import type { ProjectSummary } from '../ports.ts';
import { listContainerIds, readContainerRecord } from '../record/container-record.ts';
import { listNetworkRecords } from '../record/network-record.ts';
import { listVolumeRecords } from '../record/volume-record.ts';
import { readContainerStatus } from '../status/status.ts';
import { describeObserved } from './observed-container.ts';

const CONFIG_FILES = 'com.docker.compose.project.config_files';

interface OpenSummary {
  readonly name: string;
  workingDir: string;
  configFiles: readonly string[];
  readonly states: Record<string, number>;
}

/** By name. */
export function listProjects(paths: InstancePaths): ProjectSummary[] {
  const found = new Map<string, OpenSummary>();
  const summaryOf = (name: string) => {
    const summary = found.get(name) ?? { name, workingDir: '', configFiles: [], states: {} };
    found.set(name, summary);
    return summary;
  };
  for (const id of listContainerIds(paths)) {
    const record = readContainerRecord(paths, id);
    if (record === undefined) continue;
    const summary = summaryOf(record.project);
    const { state } = describeObserved(record, readContainerStatus(paths, id));
    summary.states[state] = (summary.states[state] ?? 0) + 1;
    summary.workingDir = record.workingDir;
    summary.configFiles = record.labels[CONFIG_FILES]?.split(',').filter(Boolean) ?? [];
  }
  for (const { project } of [...listNetworkRecords(paths), ...listVolumeRecords(paths)]) {
    if (project !== undefined) summaryOf(project);
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}
