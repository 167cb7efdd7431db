import { describe, expect, it } from 'vitest';
import {
  describeEndpoints,
  findDefaultEndpoint,
  listNames,
  orderEndpoints,
} from '../../../../src/engine/container/endpoints.ts';
import { createKernelNames } from '../../../../src/engine/instance/kernel-names.ts';
import { createPaths } from '../../../../src/engine/instance/paths.ts';
import type { NetworkRecord } from '../../../../src/engine/record/network-record.ts';
import type { ServiceConfig } from '../../../../src/project/service-config.ts';

const network = (key: string, more: Partial<NetworkRecord> = {}): NetworkRecord => ({
  v: 1,
  id: key.padEnd(64, '0'),
  key,
  name: `p_${key}`,
  recorded: { name: `p_${key}` },
  labels: {},
  createdAt: '',
  bridge: `br-${key}`,
  mac: '02:00:00:00:00:01',
  mtu: 1450,
  internal: false,
  masquerade: true,
  subnets: [{ subnet: '10.1.0.0/22', gateway: '10.1.0.1', reserved: [], configured: false }],
  ...more,
});
const records = (...list: NetworkRecord[]) => new Map(list.map((record) => [record.key, record]));
const service = (networks: ServiceConfig['networks']) => ({ name: 'web', networks }) as ServiceConfig;

describe('the order of networks', () => {
  it('is by priority, then by name', () => {
    const plans = orderEndpoints(
      service({ b: null, a: null, c: { priority: 10 } }),
      records(network('a'), network('b'), network('c')),
    );
    expect(plans.map((plan) => plan.key)).toEqual(['c', 'a', 'b']);
  });

  it('gives the default route to the highest gw_priority that leads out', () => {
    const choose = (networks: ServiceConfig['networks'], ...list: NetworkRecord[]) =>
      findDefaultEndpoint(orderEndpoints(service(networks), records(...list)))?.key;
    expect(choose({ a: null, b: null }, network('a'), network('b'))).toBe('a');
    expect(choose({ a: null, b: { gw_priority: 1 } }, network('a'), network('b'))).toBe('b');
    expect(choose({ a: { gw_priority: 9 }, b: null }, network('a', { internal: true }), network('b'))).toBe(
      'b',
    );
    expect(choose({ a: null }, network('a', { internal: true }))).toBeUndefined();
  });
});

describe('names', () => {
  const naming = {
    id: 'abcdef0123456789',
    name: 'p-web-1',
    service: 'web',
    hostname: 'Front',
    isBeside: false,
  };

  it('are the container’s in both spellings, the service’s, aliases and the hostname, in lower case', () => {
    expect(listNames(naming, { aliases: ['WWW', 'web', 'not a name'] })).toEqual([
      'p-web-1',
      'p_web_1',
      'abcdef012345',
      'front',
      'web',
      'www',
    ]);
  });

  it('of a one-off are its own alone', () => {
    expect(listNames({ ...naming, isBeside: true }, { aliases: ['www'] })).toEqual([
      'p-web-1',
      'p_web_1',
      'abcdef012345',
      'front',
    ]);
  });
});

describe('an endpoint', () => {
  it('has addresses with their prefix, and a gateway where its network leads out', () => {
    const plans = orderEndpoints(
      service({ a: { interface_name: 'lan0' }, b: null }),
      records(network('a'), network('b', { internal: true })),
    );
    const leases = plans.map(({ key, network: record }, slot) => ({
      key,
      networkId: record.id,
      network: record.name,
      slot,
      mac: '02:00:00:00:00:02',
      ipv4: `10.1.0.${slot + 2}`,
      names: ['x'],
    }));
    const names = createKernelNames('');
    const paths = createPaths('/root', '/run/x');
    const specs = describeEndpoints({ containerId: 'f'.repeat(64), plans, leases, names, paths });
    expect(specs).toMatchObject([
      { interface: 'lan0', ipv4: '10.1.0.2/22', ipv4Gateway: '10.1.0.1', isDefault: true, mtu: 1450 },
      { interface: 'eth1', ipv4: '10.1.0.3/22', ipv4Gateway: undefined, isDefault: false },
    ]);
    expect(new Set(specs.map((spec) => spec.hostInterface)).size).toBe(2);
  });
});
