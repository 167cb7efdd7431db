import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Container, Lab, type LabNetwork } from './lab.ts';

// A host with one network and a container that publishes a port everywhere, on loopback, by IPv6 and by UDP; a second
// network; and a neighbour of the host's on a link outside.
describe('published ports', () => {
  let lab: Lab;
  let network: LabNetwork;
  let web: Container;
  let peer: Container;
  let stranger: Container;

  const get = async (command: string): Promise<{ name: string; client: string }> =>
    JSON.parse(await lab.output(command));
  const curl = 'curl -sS --max-time 3';

  beforeAll(async () => {
    lab = await Lab.open();
    network = await lab.network(1);
    const other = await lab.network(2);
    web = await lab.container({
      name: 'web',
      networks: [{ network, number: 11 }],
      ports: [
        { address: '0.0.0.0', port: 8080, target: 80 },
        { address: '::', port: 8080, target: 80 },
        { address: '127.0.0.1', port: 8081, target: 80 },
        { address: '0.0.0.0', port: 9000, target: 90 },
        { address: '::', port: 9000, target: 90 },
        { protocol: 'udp', address: '0.0.0.0', port: 9000, target: 90 },
        { protocol: 'udp', address: '::', port: 9000, target: 90 },
      ],
    });
    peer = await lab.container({ name: 'peer', networks: [{ network, number: 12 }] });
    stranger = await lab.container({ name: 'stranger', networks: [{ network: other, number: 13 }] });
    await web.serve(80, 90);
    await web.publish(true);
  });

  afterAll(() => lab.close());

  it('are reached from 127.0.0.1', async () => {
    expect(await get(`${curl} http://127.0.0.1:8080/`)).toEqual({ name: 'web', client: '10.201.1.1' });
  });

  it('are reached from ::1 by the relay', async () => {
    expect(await get(`${curl} 'http://[::1]:8080/'`)).toEqual({ name: 'web', client: '10.201.1.1' });
  });

  it("are reached at the host's address on the network", async () => {
    expect((await get(`${curl} http://10.201.1.1:8080/`)).name).toBe('web');
  });

  it('are reached from another container, another network and the container itself', async () => {
    for (const container of [peer, stranger, web]) {
      const answer = await container.output(`${curl} http://10.201.1.1:8080/`);
      expect(JSON.parse(answer).name, container.name).toBe('web');
    }
  });
});
