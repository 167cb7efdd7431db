// Debian's dockerd in namespaces of its own, with its BuildKit: the other builder that the cases are given to.

import { type ChildProcess, execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Machine } from '../../e2e/machine.ts';

const [client, server] = ['/usr/bin/docker', '/usr/sbin/dockerd'];
export const hasDocker = existsSync(client) && existsSync(server);

const run = promisify(execFile);

export class DockerBuilder {
  readonly #machine: Machine;
  readonly #daemon: ChildProcess;
  readonly #socket: string;
  readonly #home: string;

  private constructor(machine: Machine, daemon: ChildProcess, directory: string) {
    this.#machine = machine;
    this.#daemon = daemon;
    this.#socket = `unix://${join(directory, 'socket')}`;
    this.#home = directory;
  }

  /** All that it keeps is below `directory`. */
  static async start(directory: string): Promise<DockerBuilder> {
    const machine = await Machine.start();
    const args = [
      ...['--data-root', join(directory, 'data'), '--exec-root', join(directory, 'exec')],
      ...[
        '--pidfile',
        join(directory, 'pid'),
        '--host',
        `unix://${join(directory, 'socket')}`,
        '--storage-driver',
        'overlay2',
      ],
      ...['--bridge=none', '--iptables=false', '--ip-masq=false', '--ip-forward=false'],
    ];
    const daemon = machine.spawn(server, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    await listening(daemon);
    return new DockerBuilder(machine, daemon, directory);
  }

  /** Standard output; throws with what it said unless it exits 0. */
  async run(...args: string[]): Promise<string> {
    const env = { PATH: process.env.PATH, HOME: this.#home, DOCKER_BUILDKIT: '1' };
    const { stdout } = await run(client, ['--host', this.#socket, ...args], { env, maxBuffer: 2 ** 26 });
    return stdout;
  }

  /** Directories of the image's layers, topmost first. */
  async layers(name: string): Promise<string[]> {
    const text = await this.run('image', 'inspect', '--format', '{{json .GraphDriver.Data}}', name);
    const { LowerDir = '', UpperDir = '' } = (JSON.parse(text) ?? {}) as Record<string, string>;
    return [UpperDir, ...LowerDir.split(':')].filter((path) => path !== '');
  }

  async stop(): Promise<void> {
    this.#daemon.kill('SIGTERM');
    if (this.#daemon.exitCode === null) await once(this.#daemon, 'exit');
    await this.#machine.stop();
  }
}

/** Whoever does not read on what the daemon says stops it. */
function listening(daemon: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    daemon.stderr?.on('data', (chunk) => {
      said = `${said}${chunk}`.slice(-10_000);
      if (said.includes('API listen on')) resolve();
    });
    daemon.once('exit', () => reject(new Error(`dockerd did not start:\n${said}`)));
  });
}
