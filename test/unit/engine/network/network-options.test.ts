import { describe, expect, it } from 'vitest';
import { parseNetworkOptions } from '../../../../src/engine/network/network-options.ts';
import type { NetworkConfig } from '../../../../src/project/model.ts';

const parse = (config: Partial<NetworkConfig>) => parseNetworkOptions({ name: 'p_net', ...config });
const bridge = (name: string, value: string) =>
  parse({ driver_opts: { [`com.docker.network.bridge.${name}`]: value } });

describe('a bridge', () => {
  it('is what a network is that says nothing', () => {
    const expected = { mtu: 1500, masquerade: true, communicates: true, ignored: [] };
    for (const driver of [undefined, 'bridge', 'default']) {
      expect(parse(driver === undefined ? {} : { driver })).toEqual(expected);
    }
  });

  it('takes the options of Docker', () => {
    expect(bridge('name', 'br0').bridge).toBe('br0');
    expect(bridge('enable_icc', 'false').communicates).toBe(false);
    expect(bridge('enable_ip_masquerade', '0').masquerade).toBe(false);
    expect(bridge('host_binding_ipv4', '127.0.0.1').bindAddresses).toEqual(['127.0.0.1']);
    expect(parse({ driver_opts: { 'com.docker.network.driver.mtu': '9000' } }).mtu).toBe(9000);
  });

  it('hides nothing where nothing gets out', () => {
    expect(parse({ internal: true }).masquerade).toBe(false);
  });

  it.each([
    ['name', 'a/b', /not the name of a network interface/],
    ['name', 'sixteen-letters-', /at most 15 characters|not the name/],
    ['enable_icc', 'perhaps', /neither true nor false/],
  ])('refuses %s: %s', (name, value, message) => {
    expect(() => bridge(name, value)).toThrow(message);
  });

  it.each(['67', '65536', '1.5e3', ''])('refuses an MTU of "%s"', (mtu) => {
    expect(() => parse({ driver_opts: { 'com.docker.network.driver.mtu': mtu } })).toThrow(/is not an MTU/);
  });

  it('asks for the MTU that IPv6 needs', () => {
    const options = { driver_opts: { 'com.docker.network.driver.mtu': '1000' } };
    expect(parse(options).mtu).toBe(1000);
    expect(() => parse({ ...options, enable_ipv6: true })).toThrow(/is not an MTU/);
  });
});

describe('links below one of the host', () => {
  it('are macvlan and ipvlan, each with its modes', () => {
    const parent = (driver: string, more = {}) =>
      parse({ driver, driver_opts: { parent: 'eth0', ...more } }).parent;
    expect(parent('macvlan')).toEqual({ link: 'eth0', kind: { type: 'macvlan', mode: 'bridge' } });
    expect(parent('macvlan', { macvlan_mode: 'vepa' })?.kind.mode).toBe('vepa');
    expect(parent('ipvlan')).toEqual({ link: 'eth0', kind: { type: 'ipvlan', mode: 'l2' } });
    expect(parent('ipvlan', { ipvlan_mode: 'l3' })?.kind.mode).toBe('l3');
    expect(() => parent('macvlan', { macvlan_mode: 'l2' })).toThrow(/there is no mode "l2"/);
  });

  it('need the link', () => {
    expect(() => parse({ driver: 'macvlan' })).toThrow(/needs a link of the host/);
  });
});

describe('what is not honoured', () => {
  it('is said, with its place', () => {
    const { ignored } = parseNetworkOptions(
      {
        name: 'n',
        driver: 'overlay',
        driver_opts: { encrypted: '' },
        ipam: { driver: 'dhcp', options: { a: 'b' } },
      },
      (...path) => ({ file: path.join('.'), line: 1, col: 1 }),
    );
    expect(ignored.map((each) => each.source?.file)).toEqual([
      'driver',
      'driver_opts.encrypted',
      'ipam.driver',
      'ipam.options.a',
    ]);
  });

  it('stops the project where nothing can stand for it', () => {
    expect(() => parse({ driver: 'weave' })).toThrow(/there is no driver "weave"/);
    expect(() => parse({ driver: 'host' })).toThrow(/makes no network/);
  });
});
