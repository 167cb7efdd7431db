import { describe, expect, it } from 'vitest';
import { resolvePortRequests } from '../../../../src/engine/port/port-request.ts';
import type { PortConfig, ServiceConfig } from '../../../../src/project/service-config.ts';

const resolve = (port: Partial<PortConfig>, more: Partial<ServiceConfig> = {}) =>
  resolvePortRequests({
    name: 'web',
    ports: [{ mode: 'ingress', target: 80, protocol: 'tcp', ...port }],
    ...more,
  } as ServiceConfig);

describe('a published port', () => {
  it.each([
    [{ published: '8080' }, { addresses: ['0.0.0.0', '::'], range: [8080, 8080] }],
    [{ published: '8000-8010' }, { addresses: ['0.0.0.0', '::'], range: [8000, 8010] }],
    [
      { published: '53', protocol: 'udp', host_ip: '127.0.0.1' },
      { addresses: ['127.0.0.1'], range: [53, 53] },
    ],
    [
      { published: '80', host_ip: '[::1]' },
      { addresses: ['::1'], range: [80, 80] },
    ],
    [{}, { addresses: ['0.0.0.0', '::'], range: undefined }],
    [{ published: '0' }, { addresses: ['0.0.0.0', '::'], range: undefined }],
  ])('%j', (port, expected) => {
    const [request] = resolve(port);
    expect({ addresses: request?.addresses, range: request?.range }).toEqual(expected);
  });

  it('must be a port or a range, of a protocol that we carry', () => {
    for (const published of ['x', '10-5', '70000', '1-2-3'])
      expect(() => resolve({ published })).toThrow(published);
    expect(() => resolve({ protocol: 'sctp' })).toThrow(/"sctp" is not supported yet/);
  });

  it('is none without a network of its own', () => {
    for (const network_mode of ['host', 'none', 'service:db', 'container:x']) {
      expect(resolve({ published: '80' }, { network_mode })).toEqual([]);
    }
  });
});
