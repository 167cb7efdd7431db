// Networks as containers see them: addresses, names, sharing, and what a reboot takes.

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { loadNative } from '../../../src/runtime/native.ts';
import { eventually, Stack } from './stack.ts';

let stack: Stack;
afterEach(() => stack.dispose());

const sleeper = (name: string, more = '') => `
  ${name}:
    image: host
    command: sleep 600
    init: true
    stop_grace_period: 1s
${more}`;

const resolve = async (from: string, name: string) =>
  (await stack.exec(from, 'getent', 'ahostsv4', name)).stdout.split('\n')[0]?.split(/\s+/)[0] ?? '';

describe('names', () => {
  it('of services, containers, aliases and hostnames resolve, in either spelling', async () => {
    stack = new Stack(
      `name: names\nservices:${sleeper('a')}${sleeper('b', '    hostname: bhost\n    networks: {default: {aliases: [bee]}}')}`,
    );
    await stack.up();
    const { networks, id } = await stack.container('b');
    const address = networks[0]?.address;
    for (const name of ['b', 'names-b-1', 'names_b_1', 'bee', 'bhost', id.slice(0, 12), 'B']) {
      expect([name, await resolve('a', name)]).toEqual([name, address]);
    }
    expect((await stack.exec('a', 'getent', 'hosts', address ?? '')).stdout).toMatch(/names-b-1/);
  });

  it('of what does not run do not', async () => {
    stack = new Stack(`name: names\nservices:${sleeper('a')}${sleeper('b')}`);
    await stack.up();
    await stack.execute('stop', ({ containers }) => ({
      project: 'names',
      warnings: [],
      nodes: [
        {
          id: 0,
          operation: { kind: 'stop-container', container: containers.find((c) => c.service === 'b')! },
          cause: { reason: 'forced' },
          dependsOn: [],
        },
      ],
    }));
    expect(await resolve('a', 'b')).toBe('');
  });
});

describe('addresses', () => {
  it('are those that the file fixes', async () => {
    stack = new Stack(
      `name: fixed\nservices:${sleeper('a', '    networks: {default: {ipv4_address: 10.213.7.9}}')}${sleeper('b')}
networks: {default: {ipam: {config: [{subnet: 10.213.7.0/24, ip_range: 10.213.7.128/25}]}}}`,
    );
    await stack.up();
    expect((await stack.container('a')).networks[0]?.address).toBe('10.213.7.9');
    expect((await stack.container('b')).networks[0]?.address).toBe('10.213.7.128');
    expect((await stack.exec('a', 'hostname', '-I')).stdout.trim()).toBe('10.213.7.9');
  });

  it('that are fixed go from a container to its replacement', async () => {
    const fixed = (more = '') =>
      `name: fixed\nservices:${sleeper('a', `    networks: {default: {ipv4_address: 10.213.7.9}}${more}`)}
networks: {default: {ipam: {config: [{subnet: 10.213.7.0/24}]}}}`;
    stack = new Stack(fixed());
    await stack.up();
    const { id } = await stack.container('a');
    stack.write('compose.yaml', fixed('\n    environment: {A: b}'));
    await stack.up();
    const replacement = await stack.container('a');
    expect(replacement.id).not.toBe(id);
    expect(replacement.networks[0]?.address).toBe('10.213.7.9');
    expect((await stack.state()).networks[0]?.members).toEqual([replacement.id]);
  });

  it.each([
    [
      'of two services alike',
      'ipv4_address: 10.213.7.9',
      'ipv4_address: 10.213.7.9',
      /10.213.7.9 is already leased/,
    ],
    ['outside the subnet', 'ipv4_address: 10.213.8.9', '', /10.213.8.9 is not in a subnet/],
    ['of the gateway', 'ipv4_address: 10.213.7.1', '', /is the gateway's/],
  ])('%s are refused before anything is made', async (_, a, b, message) => {
    stack = new Stack(
      `name: fixed\nservices:${sleeper('a', `    networks: {default: {${a}}}`)}${sleeper('b', `    networks: {default: {${b}}}`)}
networks: {default: {ipam: {config: [{subnet: 10.213.7.0/24}]}}}`,
    );
    await expect(stack.up()).rejects.toThrow(message);
    const { containers, networks } = await stack.state();
    expect([containers, networks]).toEqual([[], []]);
  });

  it('stay with a container that stops, and come back when it starts', async () => {
    stack = new Stack(`name: kept\nservices:${sleeper('a')}${sleeper('b')}`);
    await stack.up();
    const before = (await stack.state()).containers.map((c) => c.networks[0]?.address);
    await stack.down({ services: ['a'] });
    await stack.up();
    expect((await stack.state()).containers.map((c) => c.networks[0]?.address)).toEqual(before);
  });
});

describe('a network or volume that cannot be made', () => {
  it.each([
    ['networks', 'default: {ipam: {config: [{subnet: 127.0.0.0/16}]}}', /overlaps 127.0.0.0/],
    ['volumes', 'data: {driver: nosuch}', /driver "nosuch" is not supported/],
    ['volumes', 'data: {driver_opts: {type: nfs, o: "addr=x"}}', /driver_opts.device is missing/],
  ])('in %s: %s', async (kind, text, message) => {
    stack = new Stack(`name: cannot\nservices:${sleeper('a', '    volumes: ["data:/data"]')}
${kind === 'volumes' ? '' : 'volumes: {data: {}}\n'}${kind}: {${text}}`);
    const error = await stack.up().catch((failure) => failure);
    expect(error.message).toMatch(message);
    expect(error.source?.file).toMatch(/compose.yaml$/);
    const { containers, networks, volumes } = await stack.state();
    expect([containers, networks, volumes]).toEqual([[], [], []]);
  });
});

describe('a shared network namespace', () => {
  it('is the one of the service it names', async () => {
    stack = new Stack(
      `name: share\nservices:${sleeper('a')}${sleeper('b', '    network_mode: "service:a"\n    depends_on: [a]')}`,
    );
    await stack.up();
    const namespace = async (service: string) =>
      (await stack.exec(service, 'readlink', '/proc/self/ns/net')).stdout;
    expect(await namespace('b')).toBe(await namespace('a'));
    expect(await resolve('b', 'a')).toBe((await stack.container('a')).networks[0]?.address);
  });

  it('is kept by whoever shares it while its owner is stopped, and taken back', async () => {
    stack = new Stack(
      `name: share\nservices:${sleeper('a')}${sleeper('b', '    network_mode: "service:a"\n    depends_on: [a]')}`,
    );
    await stack.up();
    const namespace = async (service: string) =>
      (await stack.exec(service, 'readlink', '/proc/self/ns/net')).stdout;
    const before = await namespace('a');
    const act = async (kind: 'stop-container' | 'start-container') => {
      const container = await stack.container('a');
      await stack.execute(kind, () => ({
        project: 'share',
        warnings: [],
        nodes: [{ id: 0, operation: { kind, container }, cause: { reason: 'forced' }, dependsOn: [] }],
      }));
    };
    await act('stop-container');
    expect(await namespace('b')).toBe(before);
    await act('start-container');
    expect(await namespace('a')).toBe(before);
    expect(await resolve('b', 'a')).toBe((await stack.container('a')).networks[0]?.address);
  });
});

describe('the modes', () => {
  it('host has the host’s links, none has the loopback alone', async () => {
    stack = new Stack(
      `name: modes\nservices:${sleeper('a', '    network_mode: host')}${sleeper('b', '    network_mode: none')}`,
    );
    await stack.up();
    const links = async (service: string) =>
      (await stack.exec(service, 'ls', '/sys/class/net')).stdout.trim().split('\n').sort();
    expect(await links('a')).toEqual(expect.arrayContaining(Object.keys(networkInterfaces())));
    expect(await links('b')).toEqual(['lo']);
    expect((await stack.state()).networks).toEqual([]);
  });
});

describe('an external network', () => {
  it('is found by name and outlives the project that only joins it', async () => {
    stack = new Stack(`name: owner\nservices:${sleeper('a')}\nnetworks: {default: {name: common}}`);
    await stack.up();
    const guest = new Stack(
      `name: guest\nservices:${sleeper('g')}\nnetworks: {default: {name: common, external: true}}`,
    );
    Object.assign(guest, { root: stack.root, runDir: stack.runDir, engine: stack.open() });
    await guest.up();
    expect((await guest.exec('g', 'getent', 'hosts', 'a')).exitCode).toBe(0);
    await guest.down({ volumes: true });
    expect((await stack.state()).networks.map((n) => n.name)).toEqual(['common']);
  });
});

describe('after a reboot', () => {
  it('containers start again with the addresses they had', async () => {
    stack = new Stack(`name: boot\nservices:${sleeper('a')}${sleeper('b')}`);
    await stack.up();
    const before = (await stack.state()).containers.map((c) => [c.id, c.networks[0]?.address]);
    const bridge = readdirSync('/sys/class/net').find((name) => {
      const [file = ''] = readdirSync(join(stack.root, 'networks'));
      return name === JSON.parse(readFileSync(join(stack.root, 'networks', file), 'utf8')).bridge;
    });
    // What a reboot does: monitors, run directory, links and tables are gone; the data root stays.
    for (const [id] of before) {
      const status = JSON.parse(readFileSync(join(stack.runDir, 'containers', id ?? '', 'status'), 'utf8'));
      process.kill(status.monitorPid, 'SIGKILL');
    }
    await eventually('all is dead', async () =>
      (await stack.state()).containers.every((c) => c.state === 'exited'),
    );
    rmSync(stack.runDir, { recursive: true });
    loadNative().removeLink(bridge ?? '');
    const { id } = JSON.parse(readFileSync(join(stack.root, 'instance.json'), 'utf8'));
    loadNative().updateFirewall(`tcompose-${id}`, [{ step: 'remove-table' }]);
    stack.engine = stack.open();
    expect((await stack.state()).containers.map((c) => [c.state, c.exitCode])).toEqual([
      ['exited', 137],
      ['exited', 137],
    ]);
    await stack.up();
    expect((await stack.state()).containers.map((c) => [c.id, c.networks[0]?.address])).toEqual(before);
    expect(await resolve('a', 'b')).toBe(before[1]?.[1]);
    expect(execFileSync('/usr/sbin/nft', ['list', 'tables'], { encoding: 'utf8' })).toContain(id);
  });
});
