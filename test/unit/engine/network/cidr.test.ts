import { isIPv6 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  containsAddress,
  formatAddress,
  formatSubnet,
  overlaps,
  parseAddress,
  parseSubnet,
} from '../../../../src/engine/network/cidr.ts';

const subnet = (text: string) => {
  const parsed = parseSubnet(text);
  if (parsed === undefined) throw new Error(text);
  return parsed;
};

describe('addresses', () => {
  it('parses and formats both families', () => {
    expect(parseAddress('10.1.2.3')).toEqual({ version: 4, value: 0x0a010203n });
    expect(parseAddress('::1')).toEqual({ version: 6, value: 1n });
    expect(parseAddress('::ffff:1.2.3.4')).toEqual({ version: 6, value: 0xffff01020304n });
    expect(formatAddress(6, 0xfd00n << 112n)).toBe('fd00::');
    expect(formatAddress(6, 1n)).toBe('::1');
  });

  it('refuses what is no address', () => {
    for (const text of ['', '10.1.2', '10.1.2.256', 'fe80::1%eth0', 'g::', '1.2.3.4/8']) {
      expect(parseAddress(text)).toBeUndefined();
    }
  });

  it('reads back every IPv6 address it writes', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }), (value) => {
        const text = formatAddress(6, value);
        expect(isIPv6(text)).toBe(true);
        expect(parseAddress(text)).toEqual({ version: 6, value });
      }),
    );
  });
});

describe('subnets', () => {
  it('cuts host bits off', () => {
    expect(formatSubnet(subnet('10.1.2.3/22'))).toBe('10.1.0.0/22');
    expect(formatSubnet(subnet('fd00::1/64'))).toBe('fd00::/64');
    expect(formatSubnet(subnet('10.1.2.3'))).toBe('10.1.2.3/32');
  });

  it('refuses lengths that the family does not have', () => {
    for (const text of ['10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/8/8', '10.0.0.0/', 'x/8']) {
      expect(parseSubnet(text)).toBeUndefined();
    }
  });

  it('tells overlap and containment, never across families', () => {
    expect(overlaps(subnet('10.0.0.0/8'), subnet('10.200.0.0/22'))).toBe(true);
    expect(overlaps(subnet('10.0.0.0/22'), subnet('10.0.4.0/22'))).toBe(false);
    expect(overlaps(subnet('0.0.0.0/0'), subnet('::/0'))).toBe(false);
    expect(containsAddress(subnet('10.0.0.0/22'), 4, 0x0a0003ffn)).toBe(true);
    expect(containsAddress(subnet('10.0.0.0/22'), 4, 0x0a000400n)).toBe(false);
  });
});
