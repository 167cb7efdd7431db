// Drivers and options of networks, and the modes of services, as the container's own tools and its neighbours see them.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually, Scenario } from './scenario.ts';

const sleeper = 'image: host, command: sleep 600, init: true, stop_grace_period: 1s';

let scenario: Scenario;

function open(compose: string): Scenario {
  return new Scenario({ 'compose.yaml': compose }, { COMPOSE_PROJECT_NAME: 'drv' });
}

function start(compose: string): void {
  scenario = open(compose);
  scenario.ok('up', '-d');
}

const inside = (service: string, ...command: string[]) =>
  scenario.run('exec', '-T', service, ...command).stdout.trim();
const addressOf = (service: string) => inside(service, 'hostname', '-I').split(' ')[0] ?? '';
/** `pong`, or the reason why there is none. */
const knock = (service: string, address: string) =>
  inside(
    service,
    'node',
    '-e',
    `const s=require('net').connect({host:'${address}',port:80,timeout:1500});const end=(t)=>{console.log(t);process.exit()};s.on('connect',()=>end('pong')).on('timeout',()=>end('silence')).on('error',(e)=>end(e.code==='ECONNREFUSED'?'pong':e.code))`,
  );

/** What a server that is about to listen answers. */
const fetchText = (url: string) =>
  eventually(`${url} answers`, () =>
    fetch(url)
      .then((answer) => answer.text())
      .catch(() => undefined),
  );

/** On a busy machine a knock may be given up before its answer is seen. */
const reaches = (service: string, address: string) =>
  eventually(`${service} reaches ${address}`, () => knock(service, address) === 'pong');

afterEach(async () => {
  scenario.run('down', '-v', '-t', '1');
  const left = await scenario.leftovers();
  scenario.dispose();
  expect(left).toEqual({});
});

describe('a bridge', () => {
  it('has the name, the MTU and the interfaces that it is given', () => {
    start(`services: {a: {${sleeper}}}
networks:
  default:
    driver_opts:
      com.docker.network.bridge.name: tcdrv0
      com.docker.network.driver.mtu: "1400"
      com.docker.network.container_iface_prefix: lan`);
    expect(execFileSync('/usr/sbin/ip', ['-o', 'link', 'show', 'tcdrv0'], { encoding: 'utf8' })).toMatch(
      /mtu 1400/,
    );
    expect(inside('a', 'cat', '/sys/class/net/lan0/mtu')).toBe('1400');
  });

  it('keeps its containers from each other where the file says so, and lets them out and be reached', async () => {
    const options = '{com.docker.network.bridge.enable_icc: "false"}';
    start(`services:
  a: {${sleeper}}
  b: {image: host, command: "node -e \\"require('http').createServer((q,r)=>r.end('b')).listen(80)\\"", init: true, ports: ["127.0.0.1:18081:80"], stop_grace_period: 1s}
networks: {default: {driver_opts: ${options}}}`);
    const address = addressOf('b');
    expect(knock('a', address)).not.toBe('pong');
    await reaches('a', `${address.replace(/\d+$/, '1')}`);
    expect(await fetchText('http://127.0.0.1:18081/')).toBe('b');
    scenario.write('compose.yaml', `services: {a: {${sleeper}}, b: {${sleeper}}}`);
    scenario.ok('up', '-d');
    await reaches('a', addressOf('b'));
  });

  it('says where ports are published that name no address', () => {
    start(`services: {a: {${sleeper}, ports: ["18082:80"]}}
networks: {default: {driver_opts: {com.docker.network.bridge.host_binding_ipv4: 127.0.0.3}}}`);
    expect(scenario.ok('port', 'a', '80').stdout.trim()).toBe('127.0.0.3:18082');
  });
});

describe('IPv6', () => {
  it('is had where a network says so: addresses, names, a way to each other, published ports', async () => {
    start(`services:
  a: {image: host, command: "node -e \\"require('http').createServer((q,r)=>r.end(q.socket.remoteAddress)).listen(80)\\"", init: true, ports: ["18085:80"], stop_grace_period: 1s, networks: {six: {ipv6_address: "fd12:3456:789a::42"}}}
  b: {${sleeper}, networks: [six, plain]}
  c: {${sleeper}, networks: [plain]}
networks:
  six: {enable_ipv6: true, ipam: {config: [{subnet: "fd12:3456:789a::/64"}]}}
  plain:`);
    expect(inside('a', 'ip', '-o', '-6', 'addr', 'show', 'eth0')).toContain('fd12:3456:789a::42/64');
    expect(inside('a', 'ip', '-6', 'route', 'show', 'default')).toContain('via fd12:3456:789a::1');
    expect(inside('b', 'getent', 'ahostsv6', 'a')).toContain('fd12:3456:789a::42');
    await reaches('b', 'fd12:3456:789a::42');
    expect(inside('c', 'cat', '/proc/net/if_inet6')).not.toContain('eth0');
    expect(await fetchText('http://[fd12:3456:789a::1]:18085/')).toMatch(/^fd12:3456:789a::1$/);
    expect(await fetchText('http://[::1]:18085/')).not.toBe('');
    scenario.ok('restart', '-t', '1', 'a');
    expect(inside('a', 'ip', '-o', '-6', 'addr', 'show', 'eth0')).toContain('fd12:3456:789a::42/64');
  });
});

describe('a macvlan', () => {
  it('puts containers on a network of the host', async () => {
    const peer = spawn('/usr/bin/unshare', ['--net', 'sh', '-c', 'echo up; exec sleep 600'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ip = (...args: string[]) => execFileSync('/usr/sbin/ip', args);
    const there = (...args: string[]) =>
      execFileSync('/usr/bin/nsenter', [`--net=/proc/${peer.pid}/ns/net`, '/usr/sbin/ip', ...args]);
    try {
      await once(peer.stdout, 'data');
      ip('link', 'add', 'tcdrvlan', 'type', 'veth', 'peer', 'name', 'lan', 'netns', `${peer.pid}`);
      ip('link', 'set', 'tcdrvlan', 'up');
      there('addr', 'add', '203.0.113.1/24', 'dev', 'lan');
      there('link', 'set', 'lan', 'up');
      there('link', 'set', 'lo', 'up');
      start(`services:
  a: {${sleeper}, networks: {lan: {ipv4_address: 203.0.113.50, mac_address: "02:00:00:00:ab:cd"}}}
  b: {${sleeper}, networks: [lan]}
networks:
  lan: {driver: macvlan, driver_opts: {parent: tcdrvlan}, ipam: {config: [{subnet: 203.0.113.0/24, gateway: 203.0.113.1}]}}`);
      expect(inside('a', 'ip', '-d', '-o', 'link', 'show', 'eth0')).toMatch(/macvlan mode bridge/);
      expect(inside('a', 'cat', '/sys/class/net/eth0/address')).toBe('02:00:00:00:ab:cd');
      expect(inside('a', 'ip', 'route', 'show', 'default')).toMatch(/via 203.0.113.1 dev eth0/);
      await reaches('a', '203.0.113.1');
      await reaches('b', 'a');
      scenario.ok('restart', '-t', '1', 'a');
      await reaches('a', '203.0.113.1');
      scenario.ok('down', '-t', '1');
      expect(execFileSync('/usr/sbin/ip', ['-o', 'link'], { encoding: 'utf8' })).toContain('tcdrvlan');
    } finally {
      peer.kill('SIGKILL');
      await once(peer, 'exit');
    }
  });
});

describe('an interface', () => {
  it('has link-local addresses and settings of its own', () => {
    start(`services:
  a:
    ${sleeper.replaceAll(', ', '\n    ')}
    networks:
      default:
        link_local_ips: [169.254.7.7]
        driver_opts: {com.docker.network.endpoint.sysctls: "net.ipv4.conf.IFNAME.log_martians=1,net.ipv4.conf.IFNAME.forwarding=0"}`);
    expect(inside('a', 'ip', '-o', '-4', 'addr', 'show', 'eth0')).toMatch(/169\.254\.7\.7\/16/);
    expect(inside('a', 'cat', '/proc/sys/net/ipv4/conf/eth0/log_martians')).toBe('1');
    expect(inside('a', 'cat', '/proc/sys/net/ipv4/conf/eth0/forwarding')).toBe('0');
  });
});

describe('network_mode', () => {
  it('bridge is the network of the project', async () => {
    start(`services:
  a: {${sleeper}, network_mode: bridge, ports: ["127.0.0.1:18083:80"]}
  b: {${sleeper}, network_mode: bridge, links: ["a:alias"]}
  c: {${sleeper}}`);
    expect(scenario.ok('port', 'a', '80').stdout.trim()).toBe('127.0.0.1:18083');
    await reaches('b', 'alias');
    await reaches('c', 'a');
    expect(scenario.ok('up', '-d').stderr).not.toMatch(/Recreate/);
  });

  it('container:NAME is the network of a container of another project', () => {
    start(`services: {x: {${sleeper}, hostname: xhost}}`);
    scenario.write('guest.yaml', `services: {a: {${sleeper}, network_mode: "container:drv-x-1"}}`);
    const guest = (...args: string[]) =>
      scenario.ok('-p', 'guest', '-f', 'guest.yaml', ...args).stdout.trim();
    guest('up', '-d');
    expect(guest('exec', '-T', 'a', 'readlink', '/proc/self/ns/net')).toBe(
      inside('x', 'readlink', '/proc/self/ns/net'),
    );
    expect(guest('exec', '-T', 'a', 'cat', '/etc/hosts')).toMatch(/xhost/);
    guest('down', '-t', '1');
  });
});

describe('network_mode: service:NAME', () => {
  it('passes on a network that is shared already, with the host name and the files of its owner', () => {
    start(`services:
  a: {${sleeper}, hostname: owner, extra_hosts: ["third:10.9.8.7"]}
  b: {${sleeper}, network_mode: "service:a"}
  c: {${sleeper}, network_mode: "service:b"}`);
    const namespace = inside('a', 'readlink', '/proc/self/ns/net');
    for (const service of ['b', 'c']) {
      expect(inside(service, 'readlink', '/proc/self/ns/net')).toBe(namespace);
      expect(inside(service, 'cat', '/etc/hosts')).toBe(inside('a', 'cat', '/etc/hosts'));
      expect(inside(service, 'hostname')).toBe('owner');
      expect(inside(service, 'cat', '/etc/hostname')).toBe('owner');
    }
  });

  it('keeps the network while its owner and who passes it on restart', () => {
    start(`services:
  a: {${sleeper}}
  b: {${sleeper}, network_mode: "service:a"}
  c: {${sleeper}, network_mode: "service:b"}`);
    const namespace = inside('c', 'readlink', '/proc/self/ns/net');
    for (const service of ['b', 'a']) {
      scenario.ok('restart', '--no-deps', '-t', '1', service);
      expect(inside(service, 'readlink', '/proc/self/ns/net')).toBe(namespace);
    }
    expect(inside('c', 'readlink', '/proc/self/ns/net')).toBe(namespace);
  });
});

describe('links', () => {
  it('stand in /etc/hosts, and stay true when the other container is made anew', () => {
    const compose = (more = '') => `services:
  db: {${sleeper}${more}}
  web: {${sleeper}, links: ["db:mysql"]}`;
    start(compose());
    const before = inside('web', 'grep', 'mysql', '/etc/hosts');
    expect(before).toMatch(new RegExp(`^${addressOf('db')}\\tmysql [0-9a-f]{12} drv-db-1`));
    inside('web', 'sh', '-c', 'echo 192.0.2.1 mine >> /etc/hosts');
    scenario.write('compose.yaml', compose(', environment: {A: b}, networks: {default: {aliases: [x]}}'));
    scenario.ok('up', '-d', '--no-deps', 'db');
    const after = inside('web', 'cat', '/etc/hosts');
    expect(after).toContain(`${addressOf('db')}\tmysql`);
    expect(after.match(/mysql/g)).toHaveLength(1);
    expect(after).toContain('192.0.2.1 mine');
  });
});

describe('external_links', () => {
  it('give a container of another project a name that this container alone knows', () => {
    start(`services: {x: {${sleeper}}}
networks: {default: {name: shared}}`);
    scenario.write(
      'guest.yaml',
      `services: {a: {${sleeper}, external_links: ["drv-x-1:there"]}, b: {${sleeper}}}
networks: {default: {name: shared, external: true}}`,
    );
    const guest = (...args: string[]) =>
      scenario.run('-p', 'guest', '-f', 'guest.yaml', ...args).stdout.trim();
    guest('up', '-d');
    expect(guest('exec', '-T', 'a', 'getent', 'ahostsv4', 'there')).toContain(addressOf('x'));
    expect(guest('exec', '-T', 'b', 'getent', 'ahostsv4', 'there')).toBe('');
    guest('down', '-t', '1');
  });
});

describe('what cannot be had', () => {
  it.each([
    ['driver: weave', /there is no driver "weave"/],
    ['driver: host', /makes no network/],
    ['driver: macvlan', /needs a link of the host/],
    ['{driver: macvlan, driver_opts: {parent: nolink9}}', /the host has no link nolink9/],
    ['{driver_opts: {com.docker.network.driver.mtu: "9"}}', /is not an MTU/],
    ['{driver_opts: {com.docker.network.bridge.name: lo}}', /has a link lo already/],
  ])('%s is refused before anything is made', (network, message) => {
    const text = network.startsWith('{') ? network : `{${network}}`;
    scenario = open(`services:\n  a: {${sleeper}}\nnetworks:\n  default: ${text}\n`);
    const outcome = scenario.run('up', '-d');
    expect(outcome.status).toBe(1);
    expect(outcome.stderr).toMatch(message);
    expect(outcome.stderr).toMatch(/compose\.yaml:4:/);
    expect(scenario.list('networks')).toEqual([]);
  });

  it('says which options have no effect', () => {
    scenario = open(
      `services: {a: {${sleeper}}}\nnetworks: {default: {driver: overlay, driver_opts: {encrypted: "true"}}}`,
    );
    const { stderr } = scenario.ok('up', '-d');
    expect(stderr).toMatch(/driver has no effect: "overlay" spans several hosts/);
    expect(stderr).toMatch(/driver_opts\.encrypted has no effect/);
  });
});
