import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { eventually } from '../../e2e/scenario.ts';
import { type Container, Lab, type LabNetwork } from './lab.ts';

const errno = (promise: Promise<unknown>) => expect(promise).rejects;

describe('published sockets', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await Lab.open();
  });
  afterAll(() => lab.close());

  it('get a free port where none is named', async () => {
    const { port } = await lab.bind({ address: '0.0.0.0', port: 0, target: 80 });
    expect(port).toBeGreaterThan(1023);
    expect(await lab.output(`ss -Hltn sport = ${port}`)).toContain(`0.0.0.0:${port}`);
  });

  it('of both families and both protocols stand side by side', async () => {
    for (const address of ['0.0.0.0', '::']) {
      for (const protocol of ['tcp', 'udp'] as const) {
        expect(await lab.bind({ protocol, address, port: 4000, target: 80 })).toMatchObject({ port: 4000 });
      }
    }
  });

  it('are never shared', async () => {
    for (const protocol of ['tcp', 'udp'] as const) {
      await lab.bind({ protocol, address: '127.0.0.1', port: 4001, target: 80 });
      for (const address of ['127.0.0.1', '0.0.0.0']) {
        const attempt = lab.bind({ protocol, address, port: 4001, target: 80 });
        await errno(attempt).toMatchObject({
          errno: 'EADDRINUSE',
          syscall: 'bind',
          path: `${address} port 4001`,
        });
      }
    }
  });

  it("need an address of the host's", async () => {
    await errno(lab.bind({ address: '192.0.2.77', port: 4002, target: 80 })).toMatchObject({
      errno: 'EADDRNOTAVAIL',
    });
    await errno(lab.bind({ address: 'localhost', port: 4002, target: 80 })).toMatchObject({
      errno: 'EINVAL',
    });
  });

  it('can be had again although connections of the last owner linger', async () => {
    await lab.output(
      `node -e "const n=require('net');const s=n.createServer((c)=>c.end()).listen(4003,()=>n.connect(4003).on('end',()=>{s.close()}).resume())"`,
    );
    expect(await lab.output('ss -Htan state time-wait')).toContain(':4003');
    expect(await lab.bind({ address: '0.0.0.0', port: 4003, target: 80 })).toMatchObject({ port: 4003 });
  });

  it('in use are traced to their holder', async () => {
    const holder = (protocol: 'tcp' | 'udp', address: string, port: number) =>
      lab.native('findPortHolder', { protocol, address, port });
    const script = `require('net').createServer().listen(4004, '127.0.0.1', () => require('dgram').createSocket('udp6').bind(4005, () => console.log('ready')))`;
    const { pid } = await lab.request<{ pid: number }>('serve', { command: 'node', args: ['-e', script] });
    for (const address of ['127.0.0.1', '0.0.0.0']) {
      expect(await holder('tcp', address, 4004)).toBe(`pid ${pid} (node)`);
      // Bound to ::, which takes IPv4 as well.
      expect(await holder('udp', address, 4005)).toBe(`pid ${pid} (node)`);
    }
    expect(await holder('tcp', '127.0.0.2', 4004)).toBeUndefined();
    expect(await holder('tcp', '::1', 4004)).toBeUndefined();
    expect(await holder('udp', '0.0.0.0', 4004)).toBeUndefined();
  });
});

describe('links and subnets', () => {
  let lab: Lab;
  let network: LabNetwork;
  beforeAll(async () => {
    lab = await Lab.open();
    network = await lab.network(1, { ipv6: true });
  });
  afterAll(() => lab.close());

  it('of a bridge are as asked, and a second time changes nothing', async () => {
    const describe = async () => {
      const [link] = JSON.parse(await lab.output('ip -j addr show tc-lab1'));
      const addresses: { local: string; prefixlen: number; broadcast?: string; scope: string }[] =
        link.addr_info;
      return {
        mac: link.address,
        mtu: link.mtu,
        group: link.group,
        addresses: addresses
          .filter(({ scope }) => scope === 'global')
          .map(({ local, prefixlen, broadcast }) => `${local}/${prefixlen} ${broadcast ?? ''}`),
      };
    };
    const before = await describe();
    expect(before).toEqual({
      mac: '02:00:00:00:ff:01',
      mtu: 1500,
      group: '29795',
      addresses: ['10.201.1.1/24 10.201.1.255', 'fd00:201:1::1/64 '],
    });
    await lab.native('createBridge', {
      name: network.bridge,
      mac: '02:00:00:00:ff:01',
      mtu: 1500,
      addresses: ['10.201.1.1/24', 'fd00:201:1::1/64'],
    });
    expect(await describe()).toEqual(before);
    const link = (await lab.native('listLinks')).find(({ name }) => name === network.bridge);
    expect(link).toMatchObject({ kind: 'bridge', up: true });
  });

  it("of somebody else's are not taken over", async () => {
    await lab.output(
      'ip link add br-foreign type bridge && ip link add foreign0 type veth peer name foreign1',
    );
    for (const name of ['br-foreign', 'foreign0', 'lo']) {
      const attempt = lab.native('createBridge', {
        name,
        mac: '02:00:00:00:ff:09',
        mtu: 1500,
        addresses: [],
      });
      await errno(attempt).toMatchObject({ errno: 'EEXIST', path: name });
    }
    expect(await lab.output('ip -o link show br-foreign')).not.toContain('02:00:00:00:ff:09');
  });

  it('are all known that an address or a route takes', async () => {
    await lab.output('ip link set foreign0 up && ip route add 172.30.0.0/15 dev foreign0');
    await lab.output('ip route add 0.0.0.0/1 dev foreign0 && ip route add default dev foreign0');
    await lab.output(
      'ip route add 192.168.77.0/24 dev foreign0 table 99 && ip route add blackhole 10.66.0.0/16',
    );
    const subnets = await lab.native('listSubnets');
    for (const subnet of [
      '10.201.1.0/24',
      'fd00:201:1::/64',
      '172.30.0.0/15',
      '192.168.77.0/24',
      '10.66.0.0/16',
    ]) {
      expect(subnets).toContain(subnet);
    }
    expect(subnets.filter((subnet) => /^0\.0\.0\.0|^::\//.test(subnet))).toEqual([]);
  });

  it('that are gone can be removed again', async () => {
    await lab.native('removeLink', 'br-foreign');
    await lab.native('removeLink', 'br-foreign');
    expect(await lab.output('ip -o link')).not.toContain('br-foreign');
  });
});

/**
 * Nobody listens there: an answer is a refusal. 28 would be curl's time-out: long enough for a second try, and too short
 * for the kernel to doubt an address that it knows.
 */
const answers = async (from: Container, address: string) =>
  (await from.run(`curl -sS --max-time 4 http://${address}:9/`)).code === 7;

describe('a namespace', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await Lab.open();
  });
  afterAll(() => lab.close());

  it('that is kept is set up again without a change', async () => {
    const network = await lab.network(1, { ipv6: true });
    const second = await lab.network(2);
    const networks = [
      { network, number: 11 },
      { network: second, number: 11 },
    ];
    const web = await lab.container({ name: 'web', networks });
    const state = async () =>
      (
        await Promise.all(
          ['ip -br addr show scope global', 'ip route', 'ip -6 route show default'].map((c) => web.output(c)),
        )
      ).join('\n');
    // The kernel tells a link's state a little after the link has it.
    const countUp = async () => (await web.output('ip -br link')).match(/^eth\S+ +UP /gm)?.length;
    await eventually('both links are up', async () => (await countUp()) === 2);
    const before = await state();
    expect(before).toContain('eth1');
    expect(before).toContain('default via 10.201.1.1 dev eth0');
    await web.ask('set-up-again');
    expect(await state()).toBe(before);
    await web.stop();
  });

  it('that died a moment ago does not keep its successor from its names and addresses', async () => {
    const network = await lab.network(3);
    for (let round = 0; round < 5; round += 1) {
      const web = await lab.container({ name: 'again', networks: [{ network, number: 11 }] });
      expect(await answers(web, '10.201.3.1')).toBe(true);
      await web.kill();
    }
  });

  it('with an address that was another container’s is found by its neighbours at once', async () => {
    const network = await lab.network(4);
    const peer = await lab.container({ name: 'peer', networks: [{ network, number: 12 }] });
    const first = await lab.container({
      name: 'first',
      networks: [{ network, number: 11 }],
      mac: '02:00:0a:00:00:aa',
    });
    expect(await answers(peer, '10.201.4.11')).toBe(true);
    await first.kill();
    const second = await lab.container({
      name: 'second',
      networks: [{ network, number: 11 }],
      mac: '02:00:0a:00:00:bb',
    });
    expect(await answers(peer, '10.201.4.11')).toBe(true);
    await second.stop();
  });
});

describe('states', () => {
  it('are made, grown and read', async () => {
    const lab = await Lab.open();
    onTestFinished(() => lab.close());
    const path = join(lab.dir, 'states');
    await lab.native('createStates', path, 4);
    const network = { dir: lab.dir } as LabNetwork;
    lab.setState(network, 2, 1);
    await lab.native('createStates', path, 6);
    await lab.native('createStates', path, 2);
    expect([...Object.values(await lab.native('readStates', path))]).toEqual([0, 0, 1, 0, 0, 0]);
    await errno(lab.native('readStates', join(lab.dir, 'none'))).toMatchObject({
      errno: 'ENOENT',
      syscall: 'open',
    });
  });
});
