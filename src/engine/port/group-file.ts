// `<run>/ports/<protocol>-<address>-<port>`: the containers that share a published port. Monitors write it under flock;
// here it is read, and cleared of members whose monitor died. Format: docs/runtime-protocol.md, Files.

import { readFileSync } from 'node:fs';
import { unless } from '../../base/system-error.ts';

export interface GroupMember {
  readonly containerId: string;
  readonly address: string;
  readonly port: number;
  readonly running: boolean;
  readonly health: 'none' | 'starting' | 'healthy' | 'unhealthy';
}

const HEADER = 'tcompose-port-group 1';
const HEALTH: readonly string[] = ['none', 'starting', 'healthy', 'unhealthy'];

export function formatGroup(members: readonly GroupMember[]): string {
  const lines = members.map(({ containerId, address, port, running, health }) =>
    [containerId, address, port, running ? 1 : 0, health].join(' '),
  );
  return `${[HEADER, ...lines].join('\n')}\n`;
}

/** Empty for a file that is not there, or of which a newer version wrote another format. */
export function parseGroup(text: string): GroupMember[] {
  const [header, ...lines] = text.split('\n');
  if (header !== HEADER) return [];
  return lines
    .filter((line) => line !== '')
    .map((line) => {
      const [containerId = '', address = '', port, running, health = ''] = line.split(' ');
      return {
        containerId,
        address,
        port: Number(port),
        running: running === '1',
        health: (HEALTH.includes(health) ? health : 'none') as GroupMember['health'],
      };
    });
}

export function readGroup(path: string): GroupMember[] {
  return parseGroup(unless(['ENOENT', 'ENOTDIR'], () => readFileSync(path, 'utf8')) ?? '');
}

/** Who serves the port: the healthy; with none healthy, all that run. Without a probe, running is healthy. */
export function selectSet(members: readonly GroupMember[]): GroupMember[] {
  const running = members.filter((member) => member.running);
  const healthy = running.filter(({ health }) => health === 'none' || health === 'healthy');
  return healthy.length > 0 ? healthy : running;
}
