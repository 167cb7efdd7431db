// A laboratory: a host of its own (a network namespace), with networks made by the addon and containers made by the
// monitor's network code, real traffic between them, and nothing left behind when it closes.
import { type ChildProcess, spawn } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Native } from '../../../src/runtime/native.ts';

const root = resolve(import.meta.dirname, '../../..');
const server = join(import.meta.dirname, 'server.mjs');

type NativeName = keyof Native & string;

export interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface LabNetwork {
  readonly bridge: string;
  readonly dir: string;
  /** First three octets: containers are <prefix>.<n>. */
  readonly prefix: string;
  readonly prefix6?: string;
  readonly internal: boolean;
}

export interface PortRequest {
  readonly protocol?: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
  readonly target: number;
  /** The container's IPv4 address, unless this says otherwise. */
  readonly targetAddress?: string;
}

export interface ContainerRequest {
  readonly name: string;
  readonly networks: readonly { readonly network: LabNetwork; readonly number: number }[];
  readonly mac?: string;
  readonly dns?: readonly string[];
  readonly links?: Readonly<Record<string, string>>;
  readonly ports?: readonly PortRequest[];
  /** Published sockets of another replica. */
  readonly sockets?: readonly number[];
}

export class Lab {
  readonly table = 'tcompose-1ab1ab00';
  readonly udpClient = `${process.execPath} ${join(import.meta.dirname, 'udp-client.mjs')}`;
  readonly dir = mkdtempSync(join(tmpdir(), 'tcompose-lab-'));
  private readonly pending = new Map<
    number,
    { resolve: (value: never) => void; reject: (e: Error) => void }
  >();
  private nextId = 1;

  private readonly worker: ChildProcess;

  private constructor(worker: ChildProcess) {
    this.worker = worker;
    worker.on('message', (message: { id: number; value?: never; error?: { message: string } }) => {
      const waiting = this.pending.get(message.id);
      this.pending.delete(message.id);
      if (message.error) waiting?.reject(Object.assign(new Error(message.error.message), message.error));
      else waiting?.resolve(message.value as never);
    });
  }

  static async open(): Promise<Lab> {
    const args = ['--net', process.execPath, join(import.meta.dirname, 'worker.mjs')];
    const build = join(root, 'runtime/build');
    const worker = spawn('unshare', [...args, join(build, 'tcompose.node'), join(build, 'network-lab')], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const lab = new Lab(worker);
    await new Promise((ready, reject) => {
      lab.pending.set(0, { resolve: ready, reject });
      worker.once('exit', (code) => reject(new Error(`the lab's worker ended with ${code}`)));
    });
    await lab.run('ip link set lo up');
    // A new namespace takes over what the host's setting is at the moment.
    await lab.setSysctl('net/ipv4/ip_forward', '0');
    mkdirSync(join(lab.dir, 'ports'));
    return lab;
  }

  async close(): Promise<void> {
    const ended = new Promise((resolveEnd) => this.worker.once('exit', resolveEnd));
    this.worker.disconnect();
    await ended;
    rmSync(this.dir, { recursive: true });
  }

  request<T>(operation: string, request: object): Promise<T> {
    const id = this.nextId++;
    return new Promise<T>((resolve, reject) => {
      this.pending.set(id, { resolve, reject });
      this.worker.send({ id, operation, request });
    });
  }

  native<N extends NativeName>(
    name: N,
    ...args: Parameters<Native[N]>
  ): Promise<Awaited<ReturnType<Native[N]>>> {
    return this.request('native', { name, args });
  }

  run(command: string): Promise<Result> {
    return this.request('run', { command });
  }

  /** Runs a command and gives its output; fails if it fails. */
  async output(command: string): Promise<string> {
    const result = await this.run(command);
    if (result.code !== 0)
      throw new Error(`${command}: exit code ${result.code}\n${result.stdout}${result.stderr}`);
    return result.stdout.trim();
  }

  async network(number: number, options: { internal?: boolean; ipv6?: boolean } = {}): Promise<LabNetwork> {
    const network: LabNetwork = {
      bridge: `tc-lab${number}`,
      dir: join(this.dir, `network${number}`),
      prefix: `10.201.${number}`,
      internal: options.internal ?? false,
      ...(options.ipv6 ? { prefix6: `fd00:201:${number}:` } : {}),
    };
    mkdirSync(network.dir);
    const gateways = [`${network.prefix}.1/24`, ...(network.prefix6 ? [`${network.prefix6}:1/64`] : [])];
    await this.native('createBridge', {
      name: network.bridge,
      mac: `02:00:00:00:ff:0${number}`,
      mtu: 1500,
      addresses: gateways,
    });
    await this.native('updateFirewall', this.table, [
      { step: 'ensure-table', forwardDrop: true },
      {
        step: 'add-network',
        bridge: network.bridge,
        subnets: gateways,
        internal: network.internal,
        masquerade: true,
        communicates: true,
      },
    ]);
    await this.native('createStates', join(network.dir, 'states'), 256);
    this.writeNames(network, []);
    return network;
  }

  async removeNetwork(network: LabNetwork, isLast: boolean): Promise<void> {
    await this.native('removeLink', network.bridge);
    const subnets = [`${network.prefix}.0/24`, ...(network.prefix6 ? [`${network.prefix6}:/64`] : [])];
    await this.native('updateFirewall', this.table, [
      { step: 'remove-network', bridge: network.bridge, subnets },
      ...(isLast ? [{ step: 'remove-table' } as const] : []),
    ]);
  }

  /** Lines of the names file without the slot, which is the position: `id ipv4 ipv6 primary name,...`. */
  writeNames(network: LabNetwork, lines: readonly string[], header = 'tcompose-names 1'): void {
    const path = join(network.dir, 'names');
    const text = [header, ...lines.map((line, slot) => `${slot} ${line}`), ''].join('\n');
    writeFileSync(`${path}.new`, text, { mode: 0o644 });
    renameSync(`${path}.new`, path);
  }

  setState(network: LabNetwork, slot: number, state: 0 | 1 | 2): void {
    // In its place: those who have the file mapped must not find it empty for a moment.
    const file = openSync(join(network.dir, 'states'), 'r+');
    writeSync(file, Uint8Array.of(state), 0, 1, slot);
    closeSync(file);
  }

  async setSysctl(path: string, value: string): Promise<void> {
    await this.output(`echo ${value} > /proc/sys/${path}`);
  }

  /** A machine on a link outside of all networks; at most one on each of the two links. */
  async neighbour(link: 'outside' | 'elsewhere' = 'outside'): Promise<Neighbour> {
    const { pid } = await this.request<{ pid: number }>('serve', {
      command: 'unshare',
      args: ['--net', 'sh', '-c', 'echo ready; exec cat'],
    });
    const neighbour = new Neighbour(this, pid, link === 'outside' ? '198.51.100' : '203.0.113');
    await this.output(
      [
        `ip link add ${link} type veth peer name eth0 netns /proc/${pid}/ns/net`,
        `ip addr add ${neighbour.hostAddress}/24 dev ${link}`,
        `ip link set ${link} up`,
      ].join(' && '),
    );
    await neighbour.output(
      `sh -c 'ip link set lo up && ip addr add ${neighbour.address}/24 dev eth0 && ip link set eth0 up'`,
    );
    return neighbour;
  }

  /** As Docker and ufw do: what they do not know is not forwarded. */
  async dropForwarding(): Promise<void> {
    const chain = '{ type filter hook forward priority 0; policy drop; }';
    await this.output(`nft add table ip filter && nft add chain ip filter FORWARD '${chain}'`);
  }

  /** Starts upstream.mjs on an address of the host's. */
  async upstream(address: string, manner: string): Promise<Upstream> {
    const script = join(import.meta.dirname, 'upstream.mjs');
    const request = { command: process.execPath, args: [script, address, manner] };
    const { key } = await this.request<{ key: number }>('serve', request);
    return new Upstream(this, key);
  }

  bind(port: PortRequest): Promise<{ socket: number; port: number }> {
    return this.native('bindPublished', {
      protocol: port.protocol ?? 'tcp',
      address: port.address,
      port: port.port,
    });
  }

  async container(request: ContainerRequest): Promise<Container> {
    const sockets = [...(request.sockets ?? [])];
    for (const port of request.sockets ? [] : (request.ports ?? []))
      sockets.push((await this.bind(port)).socket);
    const process = await this.request<{ key: number; pid: number }>('container', { sockets });
    const container = new Container(this, request, process, sockets);
    await container.start();
    return container;
  }
}

export class Upstream {
  private readonly lab: Lab;
  private readonly key: number;

  constructor(lab: Lab, key: number) {
    this.lab = lab;
    this.key = key;
  }

  /** The questions since the last call: `<transport> <name> <id> <source port>`. */
  questions(): Promise<string[]> {
    return this.lab.request('lines', { key: this.key });
  }

  /** The same without ids and ports. */
  async names(): Promise<string[]> {
    return (await this.questions()).map((line) => line.split(' ').slice(0, 2).join(' '));
  }
}

export class Neighbour {
  readonly address: string;
  readonly hostAddress: string;
  private readonly lab: Lab;
  private readonly pid: number;

  constructor(lab: Lab, pid: number, prefix: string) {
    this.lab = lab;
    this.pid = pid;
    this.address = `${prefix}.2`;
    this.hostAddress = `${prefix}.1`;
  }

  /** Starts server.mjs there. */
  async serve(httpPort: number): Promise<void> {
    const args = [`--net=/proc/${this.pid}/ns/net`, process.execPath, server, 'neighbour', String(httpPort)];
    await this.lab.request('serve', { command: 'nsenter', args });
  }

  run(command: string): Promise<Result> {
    return this.lab.run(`nsenter --net=/proc/${this.pid}/ns/net ${command}`);
  }

  output(command: string): Promise<string> {
    return this.lab.output(`nsenter --net=/proc/${this.pid}/ns/net ${command}`);
  }
}

export class Container {
  child = 0;
  readonly pid: number;
  readonly sockets: readonly number[];
  private readonly lab: Lab;
  private readonly spec: ContainerRequest;
  private readonly key: number;
  private netns = 0;
  private readonly servers: number[] = [];

  constructor(
    lab: Lab,
    spec: ContainerRequest,
    process: { key: number; pid: number },
    sockets: readonly number[],
  ) {
    this.lab = lab;
    this.spec = spec;
    this.key = process.key;
    this.pid = process.pid;
    this.sockets = sockets;
  }

  get name(): string {
    return this.spec.name;
  }

  get address(): string {
    const first = this.spec.networks[0];
    return first ? `${first.network.prefix}.${first.number}` : '';
  }

  private lines(): string[] {
    const { name, networks, dns, links, ports } = this.spec;
    return [
      `id ${name} ${this.lab.table}`,
      ...networks.map(({ network, number }, index) => {
        const ipv6 = network.prefix6 ? `${network.prefix6}:${number}/64 ${network.prefix6}:1` : '- -';
        const link = `veth-${name.slice(0, 7)}${index} eth${index}`;
        const mac =
          this.spec.mac ??
          `02:00:0a:00:${index}${network.prefix.slice(-1)}:${number.toString(16).padStart(2, '0')}`;
        const isDefault = index === 0 && !network.internal ? 1 : 0;
        return `endpoint ${network.dir} ${network.bridge} ${link} ${mac} ${network.prefix}.${number}/24 ${network.prefix}.1 ${ipv6} ${isDefault} ${number}`;
      }),
      ...(dns ? [`dns ${dns.join(' ')}`] : []),
      ...Object.entries(links ?? {}).map(([alias, target]) => `link ${alias} ${target}`),
      ...(ports ?? []).map(
        ({ protocol = 'tcp', address, port, target, targetAddress = this.address }) =>
          `port ${protocol} ${address} ${port} ${target} ${targetAddress} ${join(this.lab.dir, 'ports', `${protocol}-${address}-${port}`)}`,
      ),
    ];
  }

  async start(): Promise<void> {
    await this.lab.request('tell', { key: this.key, text: this.lines().join('\n') });
    this.noteChild(await this.ask('start'));
  }

  private noteChild(answer: string): void {
    const match = /^child=(\d+) netns=(\d+)$/.exec(answer);
    this.child = Number(match?.[1]);
    this.netns = Number(match?.[2]);
  }

  /** Sends a command to network-lab and gives its answer; fails if it reports an error. */
  async ask(command: string): Promise<string> {
    const line = await this.lab.request<string | undefined>('ask', { key: this.key, text: command });
    if (!line?.startsWith('ok ')) throw new Error(`${this.name}: ${command}: ${line}`);
    return line.slice(3);
  }

  async restartChild(): Promise<void> {
    this.noteChild(await this.ask('restart-child'));
  }

  /** As a monitor publishes its state. */
  async publish(running: boolean, health = 'none'): Promise<void> {
    await this.ask(`publish ${running ? 1 : 0} ${health}`);
  }

  private get enter(): string {
    return `nsenter --net=/proc/${this.pid}/fd/${this.netns}`;
  }

  run(command: string): Promise<Result> {
    return this.lab.run(`${this.enter} ${command}`);
  }

  output(command: string): Promise<string> {
    return this.lab.output(`${this.enter} ${command}`);
  }

  /** Starts server.mjs inside. */
  serve(httpPort: number, echoPort?: number): Promise<void> {
    return this.startScript(
      'server.mjs',
      this.name,
      String(httpPort),
      ...(echoPort ? [String(echoPort)] : []),
    );
  }

  /** Starts one of the scripts of this directory inside. It ends with the container. */
  async startScript(name: string, ...args: string[]): Promise<void> {
    const [command = '', ...enter] = this.enter.split(' ');
    const script = join(import.meta.dirname, name);
    const request = { command, args: [...enter, process.execPath, script, ...args] };
    const { key } = await this.lab.request<{ key: number }>('serve', request);
    this.servers.push(key);
  }

  async stop(): Promise<void> {
    for (const key of this.servers) await this.lab.request('stop', { key });
    await this.lab.request('stop', { key: this.key });
  }

  /** As a monitor that is killed: nothing is undone. */
  async kill(): Promise<void> {
    for (const key of this.servers) await this.lab.request('stop', { key });
    await this.lab.request('stop', { key: this.key, signal: 'SIGKILL' });
  }
}
