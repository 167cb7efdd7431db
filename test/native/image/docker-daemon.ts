// Debian's dockerd, started by hand below a directory: its own socket, data and containerd, no bridge, no firewall rules.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { runAside, type Sandbox } from './sandbox.ts';

export const hasDocker = existsSync('/usr/sbin/dockerd') && existsSync('/usr/bin/docker');

export class DockerDaemon {
  readonly #process: ChildProcess;
  readonly #socket: string;

  private constructor(process: ChildProcess, socket: string) {
    this.#process = process;
    this.#socket = socket;
  }

  static async start(sandbox: Sandbox): Promise<DockerDaemon> {
    const socket = `unix://${sandbox.path('docker.sock')}`;
    const args = [
      ...['--data-root', sandbox.makeDirectory('docker'), '--exec-root', sandbox.makeDirectory('exec')],
      ...['--pidfile', sandbox.path('docker.pid'), '--host', socket, '--storage-driver', 'vfs'],
      ...['--bridge=none', '--iptables=false', '--ip-masq=false', '--ip-forward=false'],
    ];
    const child = spawn('/usr/sbin/dockerd', args, { stdio: ['ignore', 'ignore', 'pipe'] });
    const said: string[] = [];
    for await (const line of createInterface({ input: child.stderr })) {
      said.push(line);
      if (line.includes('API listen on')) {
        child.stderr.resume();
        return new DockerDaemon(child, socket);
      }
    }
    throw new Error(`dockerd did not start:\n${said.slice(-20).join('\n')}`);
  }

  run(...args: string[]): Promise<string> {
    return runAside('/usr/bin/docker', '--host', this.#socket, ...args);
  }

  async stop(): Promise<void> {
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGTERM');
    await ended;
  }
}
