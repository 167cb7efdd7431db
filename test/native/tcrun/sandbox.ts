// Containers for tests of tcrun: an image root made from busybox, an instance of its own, and the control socket's client side.
// Everything goes away with `dispose`.

import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ResolvedImage } from '../../../src/image/image.ts';
import type { ServiceConfig } from '../../../src/project/service-config.ts';
import { computeContainer } from '../../../src/runtime/container.ts';
import type { ContainerBundle, ContainerInput, HostFacts } from '../../../src/runtime/container-input.ts';
import { observeHostFacts } from '../../../src/runtime/host-facts.ts';
import type { MonitorSpec } from '../../../src/runtime/monitor-spec.ts';
import { loadNative, tcrunPath } from '../../../src/runtime/native.ts';
import type { OciConfig } from '../../../src/runtime/oci-config.ts';
import { Control } from './control.ts';

export const native = loadNative();

const PASSWD = [
  'root:x:0:0:root:/root:/bin/sh',
  'daemon:x:2:2::/:/bin/false',
  'app:x:1000:1000::/home/app:/bin/sh',
  '',
].join('\n');
const GROUP = ['root:x:0:', 'wheel:x:10:root', 'app:x:1000:', 'data:x:2000:app', 'extra:x:3000:', ''].join(
  '\n',
);

export interface Status {
  readonly state: string;
  readonly monitorPid: number;
  readonly monitorStart: number;
  readonly pid?: number;
  readonly pidStart?: number;
  readonly exitCode: number;
  readonly signal: number;
  readonly oomKilled: boolean;
  readonly error: string;
  readonly restartCount: number;
  readonly stoppedBy: string;
  readonly droppedLogLines: number;
  readonly warnings: readonly string[];
  readonly startedAt?: string;
  readonly finishedAt?: string;
  readonly health?: {
    readonly status: string;
    readonly failingStreak: number;
    readonly log: readonly { start: string; end: string; exitCode: number; output: string }[];
  };
}

export interface LogLine {
  readonly log: string;
  readonly stream: string;
  readonly time: string;
}

export interface Start {
  readonly service?: Partial<ServiceConfig>;
  readonly binds?: ContainerInput['binds'];
  readonly devices?: ContainerInput['devices'];
  readonly disks?: ContainerInput['disks'];
  readonly grant?: ContainerInput['grant'];
  readonly runtime?: ContainerInput['runtime'];
  readonly imageVolumes?: ContainerInput['imageVolumes'];
  readonly joins?: ContainerInput['joins'];
  readonly idRange?: ContainerInput['idRange'];
  readonly seccompProfile?: string;
  readonly network?: Partial<ContainerInput['network']>;
  readonly onEnd?: 'keep' | 'remove';
  /** Change the computed files at will. */
  readonly monitor?: (spec: MonitorSpec) => unknown;
  readonly config?: (config: OciConfig) => unknown;
  readonly layers?: readonly string[];
  /** Another image than the busybox one. */
  readonly image?: ResolvedImage;
  readonly accounts?: ContainerInput['accounts'];
  readonly networkNamespace?: number;
  /** The monitor's first client. */
  readonly client?: number;
  readonly sockets?: readonly number[];
}

export class Sandbox {
  readonly directory = mkdtempSync(join(tmpdir(), 'tcompose-run-'));
  readonly image = join(this.directory, 'image');
  readonly instance = randomBytes(4).toString('hex');
  readonly #containers: Container[] = [];
  readonly #host: HostFacts = observeHostFacts({
    read: (path) => {
      try {
        return readFileSync(path, 'utf8');
      } catch {
        return undefined;
      }
    },
    architecture: process.arch,
    hostname: hostname(),
    effectiveCapabilities: () => native.effectiveCapabilities(),
  });

  constructor() {
    for (const path of ['containers', 'run/containers'])
      mkdirSync(join(this.directory, path), { recursive: true });
    makeImage(this.image);
  }

  /** Starts `sh -c script` unless the service says otherwise. */
  async run(script: string, start: Start = {}): Promise<Container> {
    const container = this.prepare(script, start);
    await container.start(start);
    return container;
  }

  /** Writes a bundle without starting it. */
  prepare(script: string, start: Start = {}): Container {
    const id = randomBytes(32).toString('hex');
    const bundle = join(this.directory, 'containers', id);
    const runDir = join(this.directory, 'run/containers', id);
    for (const path of [bundle, join(bundle, 'upper'), join(bundle, 'work'), runDir]) mkdirSync(path);
    const computed = computeContainer(this.#input({ id, bundle, runDir, script, start }));
    const container = new Container(id, bundle, runDir, computed);
    writeFileSync(
      join(bundle, 'monitor.json'),
      JSON.stringify(start.monitor?.(computed.monitor) ?? computed.monitor),
    );
    writeFileSync(
      join(bundle, 'config.json'),
      JSON.stringify(start.config?.(computed.config) ?? computed.config),
    );
    if (computed.runtimeConfig)
      writeFileSync(join(bundle, 'runtime-config.json'), JSON.stringify(computed.runtimeConfig));
    for (const { name, content } of computed.files) writeFileSync(join(bundle, name), content);
    this.#containers.push(container);
    return container;
  }

  #input(prepared: {
    id: string;
    bundle: string;
    runDir: string;
    script: string;
    start: Start;
  }): ContainerInput {
    const { id, bundle, runDir, script, start } = prepared;
    const service: ServiceConfig = {
      name: 'test',
      command: ['sh', '-c', script],
      entrypoint: null,
      environment: {},
      labels: {},
      depends_on: {},
      ports: [],
      volumes: [],
      stop_grace_period: 10_000_000_000,
      ...start.service,
    };
    return {
      service,
      image: start.image ?? {
        id: `sha256:${'0'.repeat(64)}`,
        reference: 'busybox',
        config: { Env: ['PATH=/usr/local/bin:/bin'] },
        layers: start.layers ?? [this.image],
        mounts: [],
      },
      accounts: start.accounts ?? { passwd: PASSWD, group: GROUP },
      identity: { id, name: `test-${id.slice(0, 8)}`, project: 'test', service: 'test', number: 1 },
      host: this.#host,
      network: { mode: 'private', endpoints: [], ports: [], isolated: true, ...start.network },
      binds: start.binds ?? [],
      ...(start.devices && { devices: start.devices }),
      ...(start.disks && { disks: start.disks }),
      ...(start.grant && { grant: start.grant }),
      ...(start.runtime && { runtime: start.runtime }),
      ...(start.imageVolumes && { imageVolumes: start.imageVolumes }),
      ...(start.joins && { joins: start.joins }),
      ...(start.idRange && { idRange: start.idRange }),
      ...(start.seccompProfile && { seccompProfile: start.seccompProfile }),
      paths: { bundle, runDir },
      table: `tcompose-${this.instance}`,
      onEnd: start.onEnd ?? 'keep',
    };
  }

  /** Cgroup directories of this instance that exist. */
  cgroups(): string[] {
    return this.#containers
      .flatMap(({ computed }) => computed.monitor.cgroup.directories)
      .filter((path, i, all) => existsSync(path) && all.indexOf(path) === i);
  }

  /** Mounts of the host that mention this instance's directory. */
  mounts(): string[] {
    return readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .filter((line) => line.includes(this.directory));
  }

  async dispose(): Promise<void> {
    for (const container of this.#containers) await container.kill();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

export class Container {
  readonly id: string;
  readonly bundle: string;
  readonly runDir: string;
  readonly computed: ContainerBundle;
  monitorPid = 0;
  pid = 0;

  constructor(id: string, bundle: string, runDir: string, computed: ContainerBundle) {
    this.id = id;
    this.bundle = bundle;
    this.runDir = runDir;
    this.computed = computed;
  }

  /** Rejects with a StartError. */
  async start(options: Pick<Start, 'client' | 'networkNamespace' | 'sockets'> = {}): Promise<void> {
    const lock = native.openDirectory(this.bundle);
    try {
      if (!native.tryLock(lock, 'exclusive')) throw new Error('the bundle is locked');
      const started = await native.spawnMonitor({
        executable: tcrunPath(),
        bundle: this.bundle,
        lock,
        sockets: options.sockets ?? [],
        ...(options.client !== undefined && { client: options.client }),
        ...(options.networkNamespace !== undefined && { networkNamespace: options.networkNamespace }),
      });
      this.monitorPid = started.monitorPid;
      this.pid = started.pid;
    } finally {
      native.close(lock);
    }
  }

  control(): Control {
    return new Control(join(this.runDir, 'ctl'));
  }

  status(): Status {
    return JSON.parse(readFileSync(join(this.runDir, 'status'), 'utf8'));
  }

  last(): Status {
    return JSON.parse(readFileSync(join(this.bundle, 'last'), 'utf8'));
  }

  log(): LogLine[] {
    return readFileSync(join(this.bundle, 'log'), 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  }

  /** Text that the service wrote, in one piece. */
  output(stream?: string): string {
    return this.log()
      .filter((line) => !stream || line.stream === stream)
      .map((line) => line.log)
      .join('');
  }

  /** Waits until the monitor is gone, which is when its lock is free; then its record of the end. */
  async ended(): Promise<Status> {
    const lock = native.openDirectory(this.bundle);
    try {
      await native.lock(lock, 'exclusive', true);
    } finally {
      native.close(lock);
    }
    return this.last();
  }

  /** Waits until its first process is `command`, and not the shell that becomes it. */
  async became(command: string): Promise<void> {
    await until(() => readCommand(this.pid).startsWith(`${command}\0`), `the first process to be ${command}`);
  }

  /** Waits until the log has a line that contains `text`. */
  async logged(text: string): Promise<void> {
    await until(
      () => existsSync(join(this.bundle, 'log')) && this.output().includes(text),
      `"${text}" in the log`,
    );
  }

  /** Waits for a status that `accept`s. */
  async reached(accept: (status: Status) => boolean): Promise<Status> {
    const control = this.control();
    try {
      for (
        let status = (await control.request({ op: 'subscribe' })).message;
        ;
        status = await control.next()
      ) {
        if (accept(status as unknown as Status)) return status as unknown as Status;
      }
    } finally {
      control.close();
    }
  }

  async stop(options: { graceMs?: number; signal?: number } = {}): Promise<Status> {
    const control = this.control();
    await control.request({ op: 'stop', ...options });
    control.close();
    return this.ended();
  }

  async kill(): Promise<void> {
    const isOurs = () => readCommand(this.monitorPid).includes(this.bundle);
    try {
      if (this.monitorPid && isOurs()) process.kill(this.monitorPid, 'SIGKILL');
    } catch {
      // It ended between the two.
    }
    if (this.monitorPid) await until(() => !isOurs(), 'the monitor to die');
    const { cgroup } = this.computed.monitor;
    await native.killCgroup(cgroup.procs, cgroup.unified, cgroup.freezer);
    for (const path of [...cgroup.directories].reverse()) {
      await until(() => {
        try {
          execFileSync('rmdir', [path], { stdio: 'ignore' });
        } catch {}
        return !existsSync(path) || !path.includes(this.id);
      }, `${path} to go`);
    }
  }
}

/** For conditions of the kernel that nothing announces. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  for (const end = Date.now() + 30_000; !condition(); ) {
    if (Date.now() > end) throw new Error(`waited 30 s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** The arguments of a process, each ended by a zero byte; '' once it has ended. */
export function readCommand(pid: number | string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

function makeImage(root: string): void {
  for (const path of ['bin', 'etc', 'tmp', 'root', 'home/app', 'usr/local/bin']) {
    mkdirSync(join(root, path), { recursive: true });
  }
  chmodSync(join(root, 'tmp'), 0o1777);
  copyFileSync(findBusybox(), join(root, 'bin/busybox'));
  chmodSync(join(root, 'bin/busybox'), 0o755);
  const applets = execFileSync(join(root, 'bin/busybox'), ['--list'], { encoding: 'utf8' }).split('\n');
  for (const applet of applets.filter((name) => name && name !== 'busybox')) {
    symlinkSync('busybox', join(root, 'bin', applet));
  }
  writeFileSync(join(root, 'etc/passwd'), PASSWD);
  writeFileSync(join(root, 'etc/group'), GROUP);
}

/** A statically linked busybox, from Debian's busybox-static. */
function findBusybox(): string {
  const found = ['/usr/bin/busybox', '/bin/busybox'].find(
    (path) => existsSync(path) && statSync(path).isFile(),
  );
  if (!found) throw new Error('these tests need busybox-static: apt-get install busybox-static');
  return found;
}

export function listOpenFiles(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`);
}
