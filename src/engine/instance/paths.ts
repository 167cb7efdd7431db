// Where an instance keeps its objects on disk. The layout is docs/runtime-protocol.md's.

import { join } from 'node:path';

export interface InstancePaths {
  readonly root: string;
  readonly runDir: string;
  readonly containers: string;
  readonly networks: string;
  readonly volumes: string;
  readonly locks: string;
  readonly events: string;
  /** Bundle: what outlives a reboot. */
  container(id: string): string;
  /** Status and control socket: what a reboot clears. */
  containerRun(id: string): string;
  network(id: string): string;
  networkRun(id: string): string;
  volume(name: string): string;
  readonly portGroups: string;
  portGroup(protocol: string, address: string, port: number): string;
}

export function createPaths(root: string, runDir: string): InstancePaths {
  return {
    root,
    runDir,
    containers: join(root, 'containers'),
    networks: join(root, 'networks'),
    volumes: join(root, 'volumes'),
    locks: join(root, 'locks'),
    events: join(root, 'events.jsonl'),
    container: (id) => join(root, 'containers', id),
    containerRun: (id) => join(runDir, 'containers', id),
    network: (id) => join(root, 'networks', `${id}.json`),
    networkRun: (id) => join(runDir, 'networks', id),
    volume: (name) => join(root, 'volumes', name),
    portGroups: join(runDir, 'ports'),
    portGroup: (protocol, address, port) => join(runDir, 'ports', `${protocol}-${address}-${port}`),
  };
}
