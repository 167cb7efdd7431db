// Debian's dockerd to compare with, below the benchmark's own directory: own socket, no bridge, no firewall rules.

import { spawnSync, spawn as start } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { spawnAside } from './measure.mjs';

export const hasDocker = existsSync('/usr/sbin/dockerd') && spawnSync('docker', ['--version']).status === 0;

/** Time of one `docker` command in a daemon with nothing in it yet. Its data stay: see images.mjs. */
export async function timeDocker(directory, ...args) {
  return withDocker(directory, async (host) => (await spawnAside('docker', ['--host', host, ...args])).ms);
}

/** A daemon while `use` runs. */
export async function withDocker(directory, use) {
  mkdirSync(directory, { recursive: true });
  const socket = `unix://${join(directory, 'socket')}`;
  const daemon = start(
    '/usr/sbin/dockerd',
    [
      ...['--data-root', join(directory, 'data'), '--exec-root', join(directory, 'exec')],
      ...['--pidfile', join(directory, 'pid'), '--host', socket, '--storage-driver', 'overlay2'],
      ...['--bridge=none', '--iptables=false', '--ip-masq=false', '--ip-forward=false'],
    ],
    // Whoever does not read on what the daemon says stops it.
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const ended = once(daemon, 'exit');
  try {
    await new Promise((resolve) => {
      daemon.stderr.on('data', (chunk) => {
        if (String(chunk).includes('API listen on')) resolve();
      });
    });
    return await use(socket);
  } finally {
    daemon.kill('SIGTERM');
    await ended;
  }
}
