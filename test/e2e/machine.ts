// A machine beside this one, as far as networks go: a network namespace of its own, its own mounts, an empty /run. What a
// test does to links, rules and settings there does not touch the host.

import { type ChildProcess, execFileSync, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';

export class Machine {
  readonly #holder: ChildProcess;

  private constructor(holder: ChildProcess) {
    this.#holder = holder;
  }

  static async start(): Promise<Machine> {
    const script = 'mount -t tmpfs -o mode=755 tmpfs /run && ip link set lo up && echo up && exec sleep 3600';
    const holder = spawn(
      '/usr/bin/unshare',
      ['--net', '--mount', '--propagation', 'private', 'sh', '-c', script],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await once(holder.stdout, 'data');
    return new Machine(holder);
  }

  get pid(): number {
    return this.#holder.pid ?? 0;
  }

  /** What precedes a command so that it runs there. */
  get prefix(): readonly string[] {
    return ['/usr/bin/nsenter', '-t', `${this.pid}`, '--net', '--mount', '--'];
  }

  /** Standard output; throws unless the command exits 0. */
  run(command: string, ...args: string[]): string {
    const [file = '', ...before] = this.prefix;
    return execFileSync(file, [...before, command, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim();
  }

  /** The same of a command that may fail. */
  attempt(command: string, ...args: string[]): { readonly status: number | null; readonly stdout: string } {
    const [file = '', ...before] = this.prefix;
    const { status, stdout } = spawnSync(file, [...before, command, ...args], { encoding: 'utf8' });
    return { status, stdout: stdout.trim() };
  }

  spawn(command: string, args: readonly string[], options: SpawnOptions): ChildProcess {
    const [file = '', ...before] = this.prefix;
    return spawn(file, [...before, command, ...args], options);
  }

  async stop(): Promise<void> {
    this.#holder.kill('SIGKILL');
    if (this.#holder.exitCode === null && this.#holder.signalCode === null) await once(this.#holder, 'exit');
  }
}
