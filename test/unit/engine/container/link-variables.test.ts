import { describe, expect, it } from 'vitest';
import { formatLink, listExposed } from '../../../../src/engine/container/link-variables.ts';
import type { ServiceConfig } from '../../../../src/project/service-config.ts';

// Of moby, daemon/links/links_test.go: what the Engine sets for a link.
describe('a link', () => {
  const address = '172.17.0.2';
  const variables = (name: string, ports: string[], env: string[] = []) =>
    Object.fromEntries(formatLink('shop-web-1', name, { address, ports, env }));

  it('tells where the ports are, the lowest first, TCP before UDP', () => {
    expect(variables('db-1', ['6379/udp', '6379/tcp', '53/udp'])).toEqual({
      DB_1_PORT: 'udp://172.17.0.2:53',
      DB_1_PORT_53_UDP: 'udp://172.17.0.2:53',
      DB_1_PORT_53_UDP_ADDR: '172.17.0.2',
      DB_1_PORT_53_UDP_PORT: '53',
      DB_1_PORT_53_UDP_PROTO: 'udp',
      DB_1_PORT_6379_TCP: 'tcp://172.17.0.2:6379',
      DB_1_PORT_6379_TCP_ADDR: '172.17.0.2',
      DB_1_PORT_6379_TCP_PORT: '6379',
      DB_1_PORT_6379_TCP_PROTO: 'tcp',
      DB_1_PORT_6379_UDP: 'udp://172.17.0.2:6379',
      DB_1_PORT_6379_UDP_ADDR: '172.17.0.2',
      DB_1_PORT_6379_UDP_PORT: '6379',
      DB_1_PORT_6379_UDP_PROTO: 'udp',
      DB_1_NAME: '/shop-web-1/db-1',
    });
    expect(Object.keys(variables('db', ['6379/udp', '6379/tcp']))[0]).toBe('DB_PORT');
    expect(variables('db', ['6379/udp', '6379/tcp'])).toMatchObject({ DB_PORT: 'tcp://172.17.0.2:6379' });
  });

  it('tells the environment, but for what every container has', () => {
    expect(variables('db', [], ['PASSWORD=a=b', 'EMPTY=', 'HOME=/', 'PATH=/bin'])).toEqual({
      DB_NAME: '/shop-web-1/db',
      DB_ENV_PASSWORD: 'a=b',
      DB_ENV_EMPTY: '',
    });
  });
});

it('exposes what the image, the service and its ports name, each once', () => {
  const service = {
    expose: ['3000', '8000-8002/udp'],
    ports: [{ target: 3000 }, { target: 53, protocol: 'udp' }],
  } as unknown as ServiceConfig;
  expect(listExposed(service, { ExposedPorts: { '80/tcp': {}, '3000/tcp': {} } })).toEqual([
    '80/tcp',
    '3000/tcp',
    '8000/udp',
    '8001/udp',
    '8002/udp',
    '53/udp',
  ]);
});
