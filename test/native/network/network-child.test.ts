import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isAlive, until } from '../tcrun/sandbox.ts';
import { type Container, Lab, type LabNetwork } from './lab.ts';

const build = resolve(import.meta.dirname, '../../../runtime/build');

describe('the network child', () => {
  let lab: Lab;
  let network: LabNetwork;
  let web: Container;
  let other: Container;

  const status = (container: Container, field: string) =>
    new RegExp(`^${field}:[ \\t]*(.*)$`, 'm').exec(
      readFileSync(`/proc/${container.child}/status`, 'utf8'),
    )?.[1];

  beforeAll(async () => {
    lab = await Lab.open();
    network = await lab.network(1);
    lab.writeNames(network, [
      ...Array.from({ length: 11 }, (_, i) => `gone${i} 10.201.1.${i} - gone-${i} gone`),
      'w 10.201.1.11 - shop-web-1 web',
    ]);
    const ports = [{ address: '::', port: 8080, target: 80 }];
    web = await lab.container({
      name: 'web',
      networks: [{ network, number: 11 }],
      dns: ['127.0.0.1'],
      ports,
    });
    other = await lab.container({ name: 'other', networks: [{ network, number: 12 }], dns: [] });
    await web.serve(80, 90);
    await web.publish(true);
  });

  afterAll(() => lab.close());

  it('is a user of its own without groups or capabilities', () => {
    const users = [web, other].map((container) => status(container, 'Uid')?.split('\t')[0]);
    expect(new Set(users).size).toBe(2);
    for (const container of [web, other]) {
      expect(Number(status(container, 'Uid')?.split('\t')[0])).toBeGreaterThanOrEqual(0x70000000);
      expect(new Set(status(container, 'Uid')?.split('\t')).size).toBe(1);
      expect(status(container, 'Gid')).toBe(status(container, 'Uid'));
      expect(status(container, 'Groups')).toBe('');
      for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) {
        expect(status(container, set), set).toBe('0000000000000000');
      }
    }
  });

  it('can gain no privileges and make few system calls', () => {
    expect(status(web, 'NoNewPrivs')).toBe('1');
    expect(status(web, 'Seccomp')).toBe('2');
    const limits = readFileSync(`/proc/${web.child}/limits`, 'utf8');
    expect(limits).toMatch(/^Max processes\s+0\s+0\s/m);
    expect(limits).toMatch(/^Max file size\s+0\s+0\s/m);
    expect(limits).toMatch(/^Max core file size\s+0\s+0\s/m);
  });

  it('sees an empty root, and cannot be looked into', () => {
    expect(readdirSync(`/proc/${web.child}/root/`)).toEqual([]);
    expect(readlinkSync(`/proc/${web.child}/cwd`)).toBe('/');
    // The owner of a process that may not be dumped is root, so others of its uid cannot trace it.
    expect(statSync(`/proc/${web.child}/mem`).uid).toBe(0);
  });

  it("stays in the host's network namespace, and holds nothing but what it serves with", async () => {
    const host = await lab.output('readlink /proc/self/ns/net');
    expect(readlinkSync(`/proc/${web.child}/ns/net`)).toBe(host);
    const held = readdirSync(`/proc/${web.child}/fd`).map((fd) =>
      readlinkSync(`/proc/${web.child}/fd/${fd}`).replace(/\[.*\]/, ''),
    );
    // Standard streams; control, DNS over UDP and TCP, the published port; names and states; port groups.
    expect(held.sort()).toEqual([
      '/',
      '/',
      '/dev/null',
      '/dev/null',
      '/dev/null',
      '/states',
      'anon_inode:',
      'socket:',
      'socket:',
      'socket:',
      'socket:',
    ]);
  });

  it('is killed for any other system call', async () => {
    const forbidden = [
      'unix-socket',
      'netlink-socket',
      'execute-memory',
      'execute',
      'fork',
      'kill',
      'chroot',
    ];
    for (const call of ['open-write', ...forbidden]) {
      expect(await web.ask(`probe ${call}`), call).toBe('signal 31');
    }
    expect(await web.ask('probe open-read')).toBe('exit 0');
  });

  it('cannot climb out of the directory of names that it holds', async () => {
    expect(await web.ask('climb names')).toBe('opened');
    for (const path of ['../network1/names', '../../../../etc/passwd', '..//..//..//..//etc/passwd']) {
      expect(await web.ask(`climb ${path}`), path).toBe('ENOENT');
    }
  });

  it('costs little memory', () => {
    const rollup = readFileSync(`/proc/${other.child}/smaps_rollup`, 'utf8');
    const kib = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(rollup)?.[1]);
    expect(kib('Private_Dirty') + kib('Private_Clean')).toBeLessThan(128);
  });

  it('ends when its monitor does', async () => {
    const third = await lab.container({ name: 'third', networks: [{ network, number: 13 }], dns: [] });
    await third.kill();
    await until(() => !isAlive(third.child), 'the network child to end');
  });

  it('survives whatever is sent to its name server', async () => {
    const child = web.child;
    for (const seed of [1, 2, 3])
      await web.output(`${process.execPath} ${join(import.meta.dirname, 'fuzz.mjs')} ${seed}`);
    expect(await web.ask('child-status')).toBe('alive');
    expect(web.child).toBe(child);
    expect(await web.output('dig @127.0.0.11 +tries=1 +short web')).toBe('10.201.1.11');
    expect(await web.output('dig @127.0.0.11 +tries=1 +tcp +short web')).toBe('10.201.1.11');
    expect(JSON.parse(await lab.output("curl -sS 'http://[::1]:8080/'")).name).toBe('web');
  });

  it('carries streams whole, both ways, and each end on its own', async () => {
    const echo = await lab.container({
      name: 'echo',
      networks: [{ network, number: 14 }],
      ports: [{ address: '::', port: 7000, target: 90 }],
    });
    await echo.serve(80, 90);
    await echo.publish(true);
    const client = join(import.meta.dirname, 'stream-client.mjs');
    // More than all buffers on the way hold; then many at once.
    expect(await lab.output(`${process.execPath} ${client} ::1 7000 1 50000000`)).toBe('1 50000000 ok');
    expect(await lab.output(`${process.execPath} ${client} ::1 7000 200 20000`)).toBe('200 20000 ok');
    // The client has seen the ends of all connections; the child may still be closing them.
    await until(() => readdirSync(`/proc/${echo.child}/fd`).length < 40, 'the connections to be closed');
    await echo.stop();
  });

  it('resets the connection where the container refuses it', async () => {
    const deaf = await lab.container({
      name: 'deaf',
      networks: [{ network, number: 15 }],
      ports: [{ address: '::', port: 7001, target: 99 }],
    });
    await deaf.publish(true);
    // 7 or 56: the reset came before or after curl took the connection for made.
    const { code } = await lab.run("curl -sS --max-time 20 'http://[::1]:7001/'");
    expect([7, 56]).toContain(code);
    await deaf.stop();
  });
});

describe('the DNS message code', () => {
  it.each([1, 2, 3])('holds under random messages and sanitizers, seed %i', (seed) => {
    const good = Number(
      execFileSync(join(build, 'dns-fuzz'), ['100000', String(seed)], { encoding: 'utf8' }),
    );
    expect(good).toBeGreaterThan(10_000);
  });
});
