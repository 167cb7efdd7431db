import { isIPv4, isIPv6 } from 'node:net';
import { describe, expect, it } from 'vitest';
import { isIpv4, isIpv6 } from '../../../src/base/ip.ts';

const samples = [
  '0.0.0.0',
  '127.0.0.1',
  '255.255.255.255',
  '256.0.0.1',
  '1.2.3',
  '1.2.3.4.5',
  '01.2.3.4',
  '',
  '::',
  '::1',
  '1::',
  'fe80::1',
  '2001:db8:0:0:0:0:0:1',
  '1:2:3:4:5:6:7:8',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '1:2:3:4:5:6:7::',
  '::2:3:4:5:6:7:8',
  '1:2:3:4::5:6:7:8',
  ':::',
  ':::1',
  '1::2::3',
  ':1',
  '1:',
  '::ffff:1.2.3.4',
  '::1.2.3.4',
  '1:2:3:4:5:6:1.2.3.4',
  '1:2:3:4:5:6:7:1.2.3.4',
  '::1.2.3.400',
  '12345::',
  'g::',
  'localhost',
];

describe('isIpv4 and isIpv6', () => {
  it.each(samples)('agree with node:net on %j', (text) => {
    expect([isIpv4(text), isIpv6(text)]).toEqual([isIPv4(text), isIPv6(text)]);
  });
});
