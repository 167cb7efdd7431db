import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Container, Lab, type LabNetwork } from './lab.ts';

const REPLICAS = 5;

describe('replicas of a published port', () => {
  let lab: Lab;
  let network: LabNetwork;
  const replicas: Container[] = [];
  let groupFile: string;

  const ports = [
    { address: '0.0.0.0', port: 8080, target: 80 },
    { address: '::', port: 8080, target: 80 },
    { protocol: 'udp', address: '0.0.0.0', port: 9000, target: 90 },
    { protocol: 'udp', address: '::', port: 9000, target: 90 },
  ] as const;

  const replica = (index: number): Container => replicas[index] as Container;
  const group = () => readFileSync(groupFile, 'utf8').trim().split('\n').slice(1).sort();

  /** How often each replica answers, in `count` connections. */
  async function ask(host: string, count: number): Promise<Record<string, number>> {
    const lines = await lab.output(
      `for i in $(seq ${count}); do curl -sS --max-time 20 'http://${host}:8080/'; echo; done`,
    );
    const names = lines.split('\n').map((line) => JSON.parse(line).name as string);
    return names.reduce<Record<string, number>>((sum, name) => {
      sum[name] = (sum[name] ?? 0) + 1;
      return sum;
    }, {});
  }

  /** Who answers, asked until each has or it is time to give up: by chance, or whoever the scheduler wakes, others come first. */
  async function askAll(host: string): Promise<string[]> {
    const answered = new Set<string>();
    for (let round = 0; round < 20 && answered.size < REPLICAS; round += 1) {
      for (const name of Object.keys(await ask(host, 50))) answered.add(name);
    }
    return [...answered].sort();
  }

  /** Slot -> address, as the kernel has it. */
  async function slots(): Promise<string[]> {
    const json = JSON.parse(await lab.output(`nft -j list map inet ${lab.table} published_any4`));
    const elements: [{ concat: [string, number, number] }, { concat: [string, number] }][] =
      json.nftables.find((entry: object) => 'map' in entry).map.elem ?? [];
    const result: string[] = [];
    for (const [key, value] of elements) {
      if (key.concat[0] === 'tcp') result[key.concat[2]] = value.concat[0];
    }
    return result;
  }

  const share = (all: string[]) => {
    const counts = new Map<string, number>();
    for (const address of all) counts.set(address, (counts.get(address) ?? 0) + 1);
    return [...counts.values()].sort((a, b) => a - b);
  };

  beforeAll(async () => {
    lab = await Lab.open();
    network = await lab.network(1);
    groupFile = join(lab.dir, 'ports/tcp-0.0.0.0-8080');
    for (let i = 0; i < REPLICAS; i += 1) {
      const container = await lab.container({
        name: `web${i + 1}`,
        networks: [{ network, number: 11 + i }],
        ports,
        ...(i > 0 ? { sockets: replica(0).sockets } : {}),
      });
      await container.serve(80, 90);
      replicas.push(container);
    }
  });

  beforeEach(async () => {
    for (const container of replicas) await container.publish(true);
  });

  afterAll(() => lab.close());

  it('all get connections, over IPv4 by the kernel and over IPv6 by their relays', async () => {
    for (const host of ['127.0.0.1', '[::1]']) {
      expect(await askAll(host)).toEqual(['web1', 'web2', 'web3', 'web4', 'web5']);
    }
    expect(share(await slots())).toEqual([12, 12, 12, 12, 12]);
  });

  it('stand in the group file', () => {
    expect(group()).toEqual(replicas.map((r) => `${r.name} ${r.address} 80 1 none`));
  });

  it('that leave give up only their own slots', async () => {
    const before = await slots();
    await replica(2).publish(false);
    const after = await slots();
    expect(share(after)).toEqual([15, 15, 15, 15]);
    const moved = before.filter((address, slot) => after[slot] !== address);
    expect(new Set(moved)).toEqual(new Set([replica(2).address]));
    for (const host of ['127.0.0.1', '[::1]']) expect(await ask(host, 40)).not.toHaveProperty('web3');
  });

  it('that come take only the slots they are due', async () => {
    await replica(4).publish(false);
    const before = await slots();
    await replica(4).publish(true);
    const after = await slots();
    const moved = after.filter((address, slot) => before[slot] !== address);
    expect(moved).toEqual(Array.from({ length: 12 }, () => replica(4).address));
  });

  it('may come and go all at once', async () => {
    for (let round = 0; round < 10; round += 1) {
      await Promise.all(replicas.map((container, i) => container.publish((i + round) % 2 === 0)));
      expect(group()).toHaveLength(round % 2 === 0 ? 3 : 2);
      expect(share(await slots())).toEqual(round % 2 === 0 ? [20, 20, 20] : [30, 30]);
    }
  });

  it('that are unhealthy or not yet healthy get nothing while another is healthy', async () => {
    for (const container of replicas) await container.publish(true, 'starting');
    await replica(1).publish(true, 'healthy');
    await replica(0).publish(true, 'unhealthy');
    expect(await ask('127.0.0.1', 20)).toEqual({ web2: 20 });
    // Nobody told the others' relays that web2 became healthy.
    expect(await ask('[::1]', 20)).toEqual({ web2: 20 });
  });

  it('all get connections where none is healthy', async () => {
    for (const container of replicas) await container.publish(true, 'unhealthy');
    expect(share(await slots())).toEqual([12, 12, 12, 12, 12]);
    expect(await askAll('[::1]')).toHaveLength(REPLICAS);
  });

  it('that are alone are never taken out for their health', async () => {
    for (const container of replicas.slice(1)) await container.publish(false);
    for (const health of ['starting', 'unhealthy']) {
      await replica(0).publish(true, health);
      expect(await ask('127.0.0.1', 5)).toEqual({ web1: 5 });
    }
  });

  it('leave no slot and no file behind', async () => {
    for (const container of replicas) await container.publish(false);
    expect(await slots()).toEqual([]);
    expect(existsSync(groupFile)).toBe(false);
  });

  it('do not share the datagrams of one peer', async () => {
    for (const host of ['127.0.0.1', '::1']) {
      const answers = (await lab.output(`${lab.udpClient} ${host} 9000 x 30 33333`)).split('\n');
      expect(new Set(answers.map((line) => line.split(' ')[0])).size, host).toBe(1);
    }
  });

  it('that leave pass on the datagrams of a peer who goes on sending', async () => {
    for (const container of replicas.slice(2)) await container.publish(false);
    const send = async (count: number) =>
      (await lab.output(`${lab.udpClient} 127.0.0.1 9000 x ${count} 34444`)).split(' ')[0];
    const first = await send(3);
    const [served, other] = first === 'web1' ? [replica(0), replica(1)] : [replica(1), replica(0)];
    expect(await send(3)).toBe(served.name);
    await served.publish(false);
    expect(await send(3)).toBe(other.name);
  });

  it('take over a peer who was sending when there was nobody', async () => {
    for (const container of replicas) await container.publish(false);
    await lab.run(`${lab.udpClient} 127.0.0.1 9000 x 1 35555`);
    await replica(0).publish(true);
    expect(await lab.output(`${lab.udpClient} 127.0.0.1 9000 x 1 35555`)).toMatch(/^web1 /);
    // By the kernel, not by the relay, which would have been asked as before.
    const flows = await lab.output('grep sport=35555 /proc/net/nf_conntrack');
    expect(flows).toContain(`src=${replica(0).address}`);
  });

  it('keep connections that are open when they leave', async () => {
    for (const container of replicas.slice(1)) await container.publish(false);
    // One whole request, whose answer says that the connection stands, and a second one but for its last line.
    const half = 'GET / HTTP/1.1\\r\\nHost: x\\r\\n';
    const script = `const socket = require('net').connect(8080, '::1');
      socket.write('${half}\\r\\n${half}');
      process.stdin.pipe(socket);
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk;
        const [, name] = /"name":"(\\w+)".*}/.exec(text) ?? [];
        if (name === undefined) return;
        text = '';
        console.log(name);
      });`;
    const request = { command: process.execPath, args: ['-e', script] };
    const client = await lab.request<{ key: number; line: string }>('serve', request);
    expect(client.line).toBe('web1');
    await replica(0).publish(false);
    expect(await lab.request('ask', { key: client.key, text: '\r' })).toBe('web1');
    await lab.request('stop', { key: client.key });
  });
});
