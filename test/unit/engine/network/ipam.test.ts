import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { overlaps, parseSubnet } from '../../../../src/engine/network/cidr.ts';
import {
  allocateLease,
  allocateSubnets,
  DEFAULT_POOLS,
  type LeaseRequest,
  parsePools,
} from '../../../../src/engine/network/ipam.ts';

const id = 'a'.repeat(64);
const pool = [{ base: '172.24.0.0/14', size: 22 }];
const choose = (taken: string[], config = {}) =>
  allocateSubnets({ name: 'p_default', ...config }, id, pool, taken);

describe('subnets from the pools', () => {
  it('starts at the first, with the gateway on its first address', () => {
    expect(choose([])).toEqual([
      { subnet: '172.24.0.0/22', gateway: '172.24.0.1', reserved: [], configured: false },
    ]);
  });

  it('skips what the host uses, however it overlaps', () => {
    expect(choose(['172.24.1.7/32'])[0]?.subnet).toBe('172.24.4.0/22');
    expect(choose(['172.24.0.0/16', '172.25.0.0/17'])[0]?.subnet).toBe('172.25.128.0/22');
    expect(choose(['fd00::/8', 'default'])[0]?.subnet).toBe('172.24.0.0/22');
  });

  it('goes on to the next pool, and says what to do when all are used up', () => {
    const second = allocateSubnets(
      { name: 'n' },
      id,
      [...pool, { base: '10.208.0.0/12', size: 24 }],
      ['172.16.0.0/12'],
    );
    expect(second[0]?.subnet).toBe('10.208.0.0/24');
    expect(() => choose(['172.16.0.0/12'])).toThrow(/p_default: every subnet of the address pools is taken/);
  });

  it('never gives a subnet that overlaps a taken one', () => {
    const taken = fc.array(
      fc
        .record({
          a: fc.integer({ min: 0, max: 3 }),
          b: fc.nat(255),
          length: fc.integer({ min: 15, max: 30 }),
        })
        .map(({ a, b, length }) => `172.${24 + a}.${b}.0/${length}`),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(taken, (list) => {
        let chosen: string;
        try {
          chosen = choose(list)[0]?.subnet ?? '';
        } catch {
          return;
        }
        for (const other of list) expect(overlaps(parseSubnet(chosen)!, parseSubnet(other)!)).toBe(false);
      }),
    );
  });

  it('has default pools that are pools', () => {
    const text = DEFAULT_POOLS.map(({ base, size }) => `${base}:${size}`).join(',');
    expect(parsePools(text)).toEqual(DEFAULT_POOLS);
    for (const wrong of ['10.0.0.0/8', '10.0.0.0/8:4', 'fd00::/8:64', 'x:22']) {
      expect(() => parsePools(wrong)).toThrow(/is not an IPv4 pool/);
    }
  });
});

describe('subnets from the file', () => {
  const ipam = (entry: object) => ({ ipam: { config: [entry] } });

  it('keeps gateway, range and reserved addresses', () => {
    const config = ipam({
      subnet: '10.9.0.0/24',
      gateway: '10.9.0.254',
      ip_range: '10.9.0.128/25',
      aux_addresses: { printer: '10.9.0.130' },
    });
    expect(choose([], config)).toEqual([
      {
        subnet: '10.9.0.0/24',
        gateway: '10.9.0.254',
        range: '10.9.0.128/25',
        reserved: ['10.9.0.130'],
        configured: true,
      },
    ]);
  });

  it('refuses overlaps and addresses outside', () => {
    expect(() => choose(['10.9.0.0/16'], ipam({ subnet: '10.9.1.0/24' }))).toThrow(/overlaps 10.9.0.0\/16/);
    expect(() => choose([], ipam({ subnet: '10.9.0.0/24', gateway: '10.8.0.1' }))).toThrow(/10.8.0.1 is not/);
    expect(() => choose([], ipam({ subnet: '10.9.0.0/24', ip_range: '10.0.0.0/8' }))).toThrow(/ip_range/);
    expect(() => choose([], ipam({ subnet: 'nonsense' }))).toThrow(/"nonsense" is not a subnet/);
  });

  it('adds a local /64 where IPv6 is wanted, the same for the same network', () => {
    const [first, second] = choose([], { enable_ipv6: true });
    expect(first?.subnet).toBe('172.24.0.0/22');
    expect(second?.subnet).toMatch(/^fd[0-9a-f]{2}:.*\/64$/);
    expect(choose([], { enable_ipv6: true })[1]).toEqual(second);
    expect(choose([], { enable_ipv6: true, enable_ipv4: false })).toHaveLength(1);
  });
});

describe('leases', () => {
  const request = (more: Partial<LeaseRequest> = {}): LeaseRequest => ({
    network: 'n',
    subnets: [{ subnet: '10.1.0.0/29', gateway: '10.1.0.1', reserved: ['10.1.0.3'], configured: true }],
    taken: { slots: new Set(), addresses: new Set() },
    ...more,
  });
  const taken = (...addresses: string[]) => ({
    slots: new Set(addresses.keys()),
    addresses: new Set(addresses),
  });

  it('gives the lowest free slot and address, past gateway and reserved', () => {
    expect(allocateLease(request())).toEqual({ slot: 0, ipv4: '10.1.0.2' });
    expect(allocateLease(request({ taken: taken('10.1.0.2') }))).toEqual({ slot: 1, ipv4: '10.1.0.4' });
  });

  it('stops before the broadcast address', () => {
    const full = taken('10.1.0.2', '10.1.0.4', '10.1.0.5', '10.1.0.6');
    expect(() => allocateLease(request({ taken: full }))).toThrow(/no free address left in 10.1.0.0\/29/);
  });

  it('gives the address that was asked for, if it can', () => {
    expect(allocateLease(request({ ipv4: '10.1.0.6' })).ipv4).toBe('10.1.0.6');
    expect(() => allocateLease(request({ ipv4: '10.1.0.1' }))).toThrow(/gateway/);
    expect(() => allocateLease(request({ ipv4: '10.2.0.6' }))).toThrow(/not in a subnet/);
    expect(() => allocateLease(request({ ipv4: 'fd00::1' }))).toThrow(/not an IPv4 address/);
    expect(() => allocateLease(request({ ipv4: '10.1.0.2', taken: taken('10.1.0.2') }))).toThrow(/leased/);
  });

  it('wants the subnet in the file before it fixes an address', () => {
    const pooled = { ...request().subnets[0]!, configured: false };
    expect(() => allocateLease(request({ subnets: [pooled], ipv4: '10.1.0.4' }))).toThrow(/ipam/);
  });

  it('gives one address of each family that the network has', () => {
    const both = [
      ...request().subnets,
      { subnet: 'fd00::/64', gateway: 'fd00::1', reserved: [], configured: false },
    ];
    expect(allocateLease(request({ subnets: both }))).toEqual({ slot: 0, ipv4: '10.1.0.2', ipv6: 'fd00::2' });
  });
});
