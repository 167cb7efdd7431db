// dockerd in namespaces of its own, with its BuildKit: the other builder that the cases are given to. It is this machine's,
// or that of the root file system which TCOMPOSE_TEST_DOCKER_ROOT names: a newer one than the distribution's can be there.

import { type ChildProcess, execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Machine } from '../../e2e/machine.ts';

const root = process.env['TCOMPOSE_TEST_DOCKER_ROOT'];
const [client, server] = ['/usr/bin/docker', '/usr/sbin/dockerd'];
export const hasDocker = [client, server].every((path) => existsSync(join(root ?? '/', path)));

export const hasXz = existsSync(join(root ?? '/', '/usr/bin/unxz'));

/** The store that BuildKit does all its work with; and what the client may ask for. */
const settings = {
  features: { 'containerd-snapshotter': true },
  builder: {
    Entitlements: { 'network-host': true, 'security-insecure': true },
    // On a full disk it would give up steps in the middle of a test.
    gc: { enabled: false },
  },
};

export type JsonDocument = Readonly<Record<string, unknown>>;

interface Descriptor {
  readonly digest: string;
}

const run = promisify(execFile);

/** Before everything in the root: what a system has beside its files, and the directories of the tests at their own place. */
function mountSystem(machine: Machine, directory: string): void {
  machine.run('mount', '--rbind', directory, directory);
  for (const path of ['/proc', '/sys', '/dev', tmpdir()])
    machine.run('mount', '--rbind', path, join(directory, path));
  machine.run('mount', '--types', 'tmpfs', 'tmpfs', join(directory, 'run'));
}

const chroot = root === undefined ? [] : ['chroot', root];

function readVersion(): number {
  const [file = '', ...args] = [...chroot, server, '--version'];
  const [, major] = /version (\d+)\./.exec(execFileSync(file, args, { encoding: 'utf8' })) ?? [];
  if (major === undefined) throw new Error(`${server} does not say its version`);
  return Number(major);
}

/** The major one of the server: 28. 0: there is none. */
export const dockerVersion = hasDocker ? readVersion() : 0;

/** The language, the checks and the members of the config are ours. */
export const isOfToday = dockerVersion >= 28;

/** Behind the title of what an older one, or none, is not asked. */
export const missing = isOfToday ? '' : ' (needs Docker 28: TCOMPOSE_TEST_DOCKER_ROOT)';

export class DockerBuilder {
  readonly #machine: Machine;
  readonly #daemon: ChildProcess;
  readonly #home: string;

  private constructor(machine: Machine, daemon: ChildProcess, directory: string) {
    this.#machine = machine;
    this.#daemon = daemon;
    this.#home = directory;
  }

  /** All that it keeps is below `directory`, which is in the directory for temporary files. */
  static async start(directory: string): Promise<DockerBuilder> {
    const machine = await Machine.start();
    if (root !== undefined) mountSystem(machine, root);
    const configuration = join(directory, 'daemon.json');
    writeFileSync(configuration, JSON.stringify(isOfToday ? settings : {}));
    const args = [
      ...['--data-root', join(directory, 'data'), '--exec-root', join(directory, 'exec')],
      ...['--config-file', configuration, '--pidfile', join(directory, 'pid')],
      ...['--host', `unix://${join(directory, 'socket')}`],
      ...(isOfToday ? [] : ['--storage-driver', 'overlay2']),
      ...['--bridge=none', '--iptables=false', '--ip-masq=false', '--ip-forward=false'],
    ];
    const [file = '', ...all] = [...chroot, server, ...args];
    const daemon = machine.spawn(file, all, { stdio: ['ignore', 'ignore', 'pipe'] });
    await listening(daemon);
    return new DockerBuilder(machine, daemon, directory);
  }

  /** Standard output; throws with what it said unless it exits 0. */
  async run(...args: string[]): Promise<string> {
    return (await this.#execute(args)).stdout;
  }

  /** What it tells of its progress; throws as `run` does. */
  async build(...args: string[]): Promise<string> {
    return (await this.#execute(args)).stderr;
  }

  #execute(args: readonly string[]): Promise<{ readonly stdout: string; readonly stderr: string }> {
    const env = { PATH: process.env['PATH'], HOME: this.#home, DOCKER_BUILDKIT: '1' };
    const host = `unix://${join(this.#home, 'socket')}`;
    const [file = '', ...all] = [...this.#machine.prefix, ...chroot, client, '--host', host, ...args];
    return run(file, all, { env, maxBuffer: 2 ** 26 });
  }

  /** What checks have found, as JSON. They exit 1 if they have found something. */
  async check(...args: string[]): Promise<string> {
    try {
      return await this.run('buildx', 'build', ...args);
    } catch (error) {
      const { code, stdout = '' } = error as { code?: unknown; stdout?: string };
      if (code === 1 && stdout.startsWith('{')) return stdout;
      throw error;
    }
  }

  /** Directories of the image's layers, topmost first. Of a store in directories. */
  async layers(name: string): Promise<string[]> {
    const text = await this.run('image', 'inspect', '--format', '{{json .GraphDriver.Data}}', name);
    const { LowerDir = '', UpperDir = '' } = (JSON.parse(text) ?? {}) as Record<string, string>;
    return [UpperDir, ...LowerDir.split(':')].filter((path) => path !== '');
  }

  /** The image's config, as it is. */
  async document(name: string): Promise<JsonDocument> {
    const id = (await this.run('image', 'inspect', '--format', '{{.Id}}', name)).trim();
    if (!isOfToday) return this.#read('data/image/overlay2/imagedb/content', id);
    const blobs = 'data/containerd/daemon/io.containerd.content.v1.content/blobs';
    const named = this.#read(blobs, id);
    // An index, where there is an attestation beside the image.
    const [first] = (named['manifests'] as Descriptor[] | undefined) ?? [];
    const manifest = first === undefined ? named : this.#read(blobs, first.digest);
    return this.#read(blobs, (manifest['config'] as Descriptor).digest);
  }

  #read(place: string, digest: string): JsonDocument {
    const path = join(this.#home, place, ...digest.split(':'));
    return JSON.parse(readFileSync(path, 'utf8')) as JsonDocument;
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
