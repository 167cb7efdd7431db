import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Container, Lab, type LabNetwork, type Neighbour } from './lab.ts';

interface Place {
  run(command: string): Promise<{ code: number; stdout: string }>;
}

/** Whom the server there takes the client for; undefined: there is no way, and `seconds` is how long it is tried. */
async function reach(from: Place, url: string, seconds = 20): Promise<string | undefined> {
  const { code, stdout } = await from.run(`curl -sS --max-time ${seconds} '${url}'`);
  return code === 0 ? JSON.parse(stdout).client : undefined;
}

const cannotReach = async (from: Place, url: string) => (await reach(from, url, 1)) === undefined;

describe('networks', () => {
  let lab: Lab;
  let front: LabNetwork;
  let back: LabNetwork;
  let closed: LabNetwork;
  let web: Container;
  let db: Container;
  let vault: Container;
  let neighbour: Neighbour;
  let elsewhere: Neighbour;

  beforeAll(async () => {
    lab = await Lab.open();
    await lab.dropForwarding();
    neighbour = await lab.neighbour();
    elsewhere = await lab.neighbour('elsewhere');
    await neighbour.serve(80);
    front = await lab.network(1, { ipv6: true });
    back = await lab.network(2);
    closed = await lab.network(3, { internal: true });
    web = await lab.container({
      name: 'web',
      networks: [
        { network: front, number: 11 },
        { network: back, number: 11 },
      ],
      ports: [
        { address: '0.0.0.0', port: 8080, target: 80 },
        { address: '::', port: 8080, target: 80 },
      ],
    });
    db = await lab.container({ name: 'db', networks: [{ network: back, number: 12 }] });
    vault = await lab.container({ name: 'vault', networks: [{ network: closed, number: 13 }] });
    for (const container of [web, db, vault]) await container.serve(80);
    await web.publish(true);
  });

  afterAll(() => lab.close());

  it('let their members reach each other', async () => {
    expect(await reach(db, 'http://10.201.2.11/')).toBe('10.201.2.12');
    expect(await reach(web, 'http://10.201.2.12/')).toBe('10.201.2.11');
  });

  it('let the host reach everybody', async () => {
    for (const url of ['http://10.201.1.11/', 'http://10.201.2.12/', 'http://10.201.3.13/']) {
      expect(await reach(lab, url), url).toMatch(/\.1$/);
    }
  });

  it('keep apart who shares none', async () => {
    expect(await cannotReach(db, 'http://10.201.1.11/')).toBe(true);
    expect(await cannotReach(db, 'http://10.201.3.13/')).toBe(true);
  });

  it("send what goes out under the host's address, also past a FORWARD chain that drops", async () => {
    expect(await reach(web, `http://${neighbour.address}/`)).toBe(neighbour.hostAddress);
    expect(await reach(db, `http://${neighbour.address}/`)).toBe(neighbour.hostAddress);
  });

  it('that are internal reach nothing else, not even with a route of their own making', async () => {
    await vault.output('ip route add default via 10.201.3.1');
    expect(await cannotReach(vault, `http://${neighbour.address}/`)).toBe(true);
    expect(await cannotReach(vault, 'http://10.201.2.12/')).toBe(true);
    expect(await cannotReach(vault, 'http://10.201.3.1:8080/')).toBe(true);
    expect(await reach(db, 'http://10.201.3.1:8080/')).toBe('10.201.1.1');
  });

  it('have IPv6 where they say so, and only there', async () => {
    expect(await reach(lab, 'http://[fd00:201:1::11]/')).toBe('fd00:201:1::1');
    expect(await web.output('ip -6 -o addr show dev eth0 scope global')).toContain('fd00:201:1::11/64');
    expect(await web.output('ip -6 -o route show default')).toContain('via fd00:201:1::1 dev eth0');
    expect(await web.output('ip -6 -o addr show dev eth1')).toBe('');
    expect(await db.output('ip -6 -o addr show dev eth0')).toBe('');
    expect(await lab.output('ip -6 -o addr show dev tc-lab2')).toBe('');
  });

  it('publish over IPv6 what has IPv6, and keep who asks', async () => {
    const six = await lab.container({
      name: 'six',
      networks: [{ network: front, number: 16 }],
      ports: [{ address: '::', port: 8086, target: 80, targetAddress: 'fd00:201:1::16' }],
    });
    await six.serve(80);
    await six.publish(true);
    await lab.output('ip -6 addr add 2001:db8::1/64 dev outside nodad');
    await neighbour.output('ip -6 addr add 2001:db8::2/64 dev eth0 nodad');
    await neighbour.output('ip -6 route add fd00:201:1::/64 via 2001:db8::1');
    expect(await reach(neighbour, 'http://[2001:db8::1]:8086/')).toBe('2001:db8::2');
    expect(await cannotReach(neighbour, 'http://[fd00:201:1::16]/')).toBe(true);
    expect(await reach(lab, 'http://[2001:db8::1]:8086/')).toBe('fd00:201:1::1');
    expect(await reach(lab, 'http://[::1]:8086/')).toBe('fd00:201:1::1');
    expect(await reach(web, 'http://[fd00:201:1::1]:8086/')).toBe('fd00:201:1::1');
    expect(await reach(six, 'http://[fd00:201:1::1]:8086/')).toBe('fd00:201:1::1');
  });

  it('do not make a router of the host', async () => {
    await neighbour.output(`ip route add 203.0.113.0/24 via ${neighbour.hostAddress}`);
    await elsewhere.output(`ip route add 198.51.100.0/24 via ${elsewhere.hostAddress}`);
    expect(await cannotReach(elsewhere, `http://${neighbour.address}/`)).toBe(true);
    // Not because there is no way: without the foreign chain and our guard there is one.
    await lab.output('nft delete table ip filter && nft delete table inet tcompose-forward');
    expect(await reach(elsewhere, `http://${neighbour.address}/`)).toBe(elsewhere.address);
  });
});

describe('the last network', () => {
  const forwarding = (lab: Lab) =>
    lab.output('cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding');

  it('leaves the host as the first one found it', async () => {
    const lab = await Lab.open();
    onTestFinished(() => lab.close());
    await lab.dropForwarding();
    const before = await lab.output('nft list ruleset; ip -o link; ip -o addr; ip route show table all');
    expect(await forwarding(lab)).toBe('0\n0');
    const networks = [await lab.network(1, { ipv6: true }), await lab.network(2, { internal: true })];
    expect(await forwarding(lab)).toBe('1\n1');
    expect(await lab.output('nft list ruleset')).toContain('accept comment "tcompose-1ab1ab00 tc-lab1"');
    for (const [index, network] of networks.entries()) await lab.removeNetwork(network, index === 1);
    expect(await forwarding(lab)).toBe('0\n0');
    expect(await lab.output('nft list ruleset; ip -o link; ip -o addr; ip route show table all')).toBe(
      before,
    );
  });

  it('leaves forwarding alone where it was on, and never guards it there', async () => {
    const lab = await Lab.open();
    onTestFinished(() => lab.close());
    await lab.setSysctl('net/ipv4/ip_forward', '1');
    const network = await lab.network(1);
    expect(await lab.output('nft list tables')).toBe('table inet tcompose-1ab1ab00');
    await lab.removeNetwork(network, true);
    expect(await forwarding(lab)).toBe('1\n0');
  });

  it('of one instance leaves the guard to the other', async () => {
    const lab = await Lab.open();
    onTestFinished(() => lab.close());
    const network = await lab.network(1);
    await lab.native('createBridge', {
      name: 'tc-other',
      mac: '02:00:00:00:aa:01',
      mtu: 1500,
      addresses: [],
    });
    await lab.removeNetwork(network, true);
    expect(await lab.output('nft list tables')).toBe('table inet tcompose-forward');
    await lab.native('removeLink', 'tc-other');
    await lab.native('updateFirewall', 'tcompose-0000000b', [{ step: 'remove-table' }]);
    expect(await lab.output('nft list tables')).toBe('');
    expect(await forwarding(lab)).toBe('0\n0');
  });
});
