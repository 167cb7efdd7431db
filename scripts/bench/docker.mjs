// Debian's dockerd to compare with, below the benchmark's own directory: own socket, no bridge, no firewall rules.

import { spawnSync, spawn as start } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { spawnAside } from './measure.mjs';

export const hasDocker = existsSync('/usr/sbin/dockerd') && spawnSync('docker', ['--version']).status === 0;

/** Time of one `docker` command in a daemon with nothing in it yet. Its data stay: see images.mjs. */
export async function timeDocker(directory, ...args) {
  mkdirSync(directory, { recursive: true });
  const socket = `unix://${join(directory, 'socket')}`;
  const daemon = start(
    '/usr/sbin/dockerd',
    [
      ...['--data-root', join(directory, 'data'), '--exec-root', join(directory, 'exec')],
      ...['--pidfile', join(directory, 'pid'), '--host', socket, '--storage-driver', 'overlay2'],
      ...['--bridge=none', '--iptables=false', '--ip-masq=false', '--ip-forward=false'],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const ended = once(daemon, 'exit');
  try {
    for await (const line of createInterface({ input: daemon.stderr }))
      if (line.includes('API listen on')) break;
    daemon.stderr.resume();
    return (await spawnAside('docker', ['--host', socket, ...args])).ms;
  } finally {
    daemon.kill('SIGTERM');
    await ended;
  }
}
