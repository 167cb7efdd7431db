import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Container, Lab, type LabNetwork, type Neighbour } from './lab.ts';

const curl = 'curl -sS --max-time 20';

// Where Docker runs too, br_netfilter sends bridged packets through the IP hooks; elsewhere it does not. Addresses are
// rewritten at different places then.
describe.each([{ bridgeNetfilter: 0 }, { bridgeNetfilter: 1 }])(
  'published ports, bridge-nf-call-iptables = $bridgeNetfilter',
  ({ bridgeNetfilter }) => {
    let lab: Lab;
    let network: LabNetwork;
    let web: Container;
    let peer: Container;
    let stranger: Container;
    let neighbour: Neighbour;

    const get = async (where: { output(command: string): Promise<string> }, url: string) =>
      JSON.parse(await where.output(`${curl} '${url}'`)) as { name: string; client: string };
    const refused = async (where: { run(command: string): Promise<{ code: number }> }, url: string) =>
      (await where.run(`curl -sS --max-time 1 '${url}'`)).code !== 0;

    beforeAll(async () => {
      lab = await Lab.open();
      await lab.setSysctl('net/bridge/bridge-nf-call-iptables', String(bridgeNetfilter));
      network = await lab.network(1);
      const other = await lab.network(2);
      web = await lab.container({
        name: 'web',
        networks: [{ network, number: 11 }],
        ports: [
          { address: '0.0.0.0', port: 8080, target: 80 },
          { address: '::', port: 8080, target: 80 },
          { address: '127.0.0.1', port: 8081, target: 80 },
          { protocol: 'udp', address: '0.0.0.0', port: 9000, target: 90 },
          { protocol: 'udp', address: '::', port: 9000, target: 90 },
        ],
      });
      peer = await lab.container({ name: 'peer', networks: [{ network, number: 12 }] });
      stranger = await lab.container({ name: 'stranger', networks: [{ network: other, number: 13 }] });
      neighbour = await lab.neighbour();
      await web.serve(80, 90);
      await web.publish(true);
    });

    afterAll(() => lab.close());

    it("lead from 127.0.0.1 to the container, which sees the network's gateway", async () => {
      expect(await get(lab, 'http://127.0.0.1:8080/')).toEqual({ name: 'web', client: '10.201.1.1' });
      expect((await get(lab, 'http://127.0.0.1:8081/')).name).toBe('web');
    });

    it('lead there from ::1, by the relay', async () => {
      expect((await get(lab, 'http://[::1]:8080/')).name).toBe('web');
    });

    it("lead there from every address of the host's", async () => {
      for (const address of ['10.201.1.1', '10.201.2.1', neighbour.hostAddress]) {
        expect((await get(lab, `http://${address}:8080/`)).name, address).toBe('web');
      }
    });

    it('lead there from another container, from another network and from the container itself', async () => {
      for (const container of [peer, stranger, web]) {
        for (const address of ['10.201.1.1', '10.201.2.1', neighbour.hostAddress]) {
          expect((await get(container, `http://${address}:8080/`)).name, container.name).toBe('web');
        }
      }
    });

    it('lead there from outside, and the container sees who it is', async () => {
      const answer = await get(neighbour, `http://${neighbour.hostAddress}:8080/`);
      expect(answer).toEqual({ name: 'web', client: neighbour.address });
    });

    it('on 127.0.0.1 are for the host alone', async () => {
      expect(await refused(neighbour, `http://${neighbour.hostAddress}:8081/`)).toBe(true);
      expect(await refused(peer, 'http://10.201.1.1:8081/')).toBe(true);
      // Sent to the host's hardware address with 127.0.0.1 for a destination, which route_localnet would let in.
      await neighbour.output(`ip route replace 127.0.0.1/32 via ${neighbour.hostAddress} table local`);
      await neighbour.output('ip addr del 127.0.0.1/8 dev lo');
      expect(await refused(neighbour, 'http://127.0.0.1:8081/')).toBe(true);
      await peer.output('ip route replace 127.0.0.1/32 via 10.201.1.1 table local');
      await peer.output('ip addr del 127.0.0.1/8 dev lo');
      await peer.run('sysctl -qw net.ipv4.conf.all.route_localnet=1');
      expect(await refused(peer, 'http://127.0.0.1:8081/')).toBe(true);
    });

    it('are the only way in from outside', async () => {
      await neighbour.output(`ip route add 10.201.1.0/24 via ${neighbour.hostAddress}`);
      expect(await refused(neighbour, 'http://10.201.1.11:80/')).toBe(true);
      expect(await refused(neighbour, 'http://10.201.1.1:8080/')).toBe(true);
    });

    it('carry UDP from loopback, outside and other containers', async () => {
      const send = async (where: { output(command: string): Promise<string> }, address: string) =>
        (await where.output(`${lab.udpClient} ${address} 9000 hello`)).split(' ');
      expect(await send(lab, '127.0.0.1')).toEqual(['web', '10.201.1.1', 'hello']);
      expect((await send(lab, '::1'))[0]).toBe('web');
      expect(await send(neighbour, neighbour.hostAddress)).toEqual(['web', neighbour.address, 'hello']);
      expect((await send(stranger, '10.201.1.1'))[0]).toBe('web');
      expect((await send(web, '10.201.1.1'))[0]).toBe('web');
    });

    it('lead nowhere once the container has left', async () => {
      await web.publish(false);
      expect(await refused(lab, 'http://127.0.0.1:8080/')).toBe(true);
      expect(await refused(lab, 'http://[::1]:8080/')).toBe(true);
      await web.publish(true);
      expect((await get(lab, 'http://127.0.0.1:8080/')).name).toBe('web');
      expect((await get(lab, 'http://[::1]:8080/')).name).toBe('web');
    });
  },
);
