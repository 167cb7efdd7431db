import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Container, native, Sandbox, until } from './sandbox.ts';

let sandbox: Sandbox;
let container: Container;
beforeAll(async () => {
  sandbox = new Sandbox();
  container = await sandbox.run('exec sleep 1000');
});
afterAll(() => sandbox.dispose());

const descriptors = (pid: number) => readdirSync(`/proc/${pid}/fd`).length;

async function raw(text: string): Promise<{ error: { errno: string; message: string } }> {
  const socket = native.connectUnix(join(container.runDir, 'ctl'));
  native.sendDescriptors(socket, Buffer.from(text), []);
  const { line } = await native.receiveDescriptors(socket);
  native.close(socket);
  return JSON.parse(line);
}

describe('the control socket', () => {
  it('is for its owner only', () => {
    expect(statSync(join(container.runDir, 'ctl')).mode & 0o777).toBe(0o600);
    expect(() =>
      execFileSync('setpriv', ['--reuid=1000', '--clear-groups', 'cat', join(container.runDir, 'status')], {
        stdio: 'pipe',
      }),
    ).toThrow(/Permission denied/);
  });

  it('says what is wrong with a request, and goes on', async () => {
    expect((await raw('not json\n')).error.errno).toBe('EBADMSG');
    expect((await raw('{"v":1}\n')).error.errno).toBe('EPROTO');
    expect((await raw('{"v":2,"op":"status"}\n')).error.message).toContain('newer');
    expect((await raw('{"v":1,"op":"fly"}\n')).error).toMatchObject({ errno: 'EOPNOTSUPP' });
    expect((await raw('{"v":1,"op":"signal","signal":65}\n')).error.message).toContain('out of range');
    expect((await raw('{"v":1,"op":"exec","process":{"args":[],"cwd":"/"}}\n')).error.errno).toBe('EPROTO');
    expect((await raw(`${'['.repeat(10_000)}\n`)).error.errno).toBe('EBADMSG');
    const control = container.control();
    expect((await control.request({ op: 'nothing' })).message.error.errno).toBe('EOPNOTSUPP');
    expect((await control.request({ op: 'status' })).message).toMatchObject({
      v: 1,
      id: container.id,
      state: 'running',
    });
    control.close();
  });

  it('answers whatever it is sent, and lives', async () => {
    const seeds = [
      '{"v":1,"op":"status"}',
      '{"v":1,"op":"resize","rows":1,"columns":2}',
      '{"v":1,"op":"signal","signal":0}',
      '{"v":1,"op":"exec","process":{"args":["true"],"env":["A=\\u00e4\\ud83d\\ude00"],"cwd":"/","terminal":true}}',
    ];
    // A linear congruential generator: the same mutations each time.
    let state = 1;
    const random = (below: number) => {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
      return state % below;
    };
    const control = container.control();
    for (let i = 0; i < 500; i++) {
      const bytes = Buffer.from(seeds[random(seeds.length)] ?? '');
      for (let n = random(4); n >= 0; n--) bytes[random(bytes.length)] = random(256);
      control.sendRaw(
        Buffer.concat([
          Buffer.from(bytes.toString('latin1').replaceAll('\n', ' '), 'latin1'),
          Buffer.from('\n'),
        ]),
      );
      const { message, fds } = await control.receive();
      for (const fd of fds) native.close(fd);
      expect(message).toBeTypeOf('object');
      if (message.exec) expect(await control.next()).toMatchObject({ event: 'exit' });
    }
    control.close();
    expect(container.status().monitorPid).toBe(container.monitorPid);
  });

  it('closes a connection that sends no line end', async () => {
    const socket = native.connectUnix(join(container.runDir, 'ctl'));
    const megabyte = Buffer.alloc(1 << 20, 'x');
    expect(() => {
      for (let i = 0; i < 6; i++) native.sendDescriptors(socket, megabyte, []);
    }).toThrow(/EPIPE|ECONNRESET|Broken|reset/i);
    native.close(socket);
  });

  it('keeps no descriptor that it was sent in vain', async () => {
    const before = descriptors(container.monitorPid);
    const control = container.control();
    const pipe = native.pipe();
    for (let i = 0; i < 5; i++) {
      await control.request({ op: 'status' }, [pipe.read, pipe.write, pipe.read, pipe.write, pipe.read]);
      await control.request(
        { op: 'exec', process: { args: ['nothing'], env: [], cwd: '/', terminal: false } },
        [pipe.read],
      );
    }
    control.close();
    for (const fd of [pipe.read, pipe.write]) native.close(fd);
    await until(() => descriptors(container.monitorPid) <= before, 'the monitor to close them');
  });

  it('serves many at once, and those that never read do not hold it up', async () => {
    const clients = Array.from({ length: 40 }, () => container.control());
    for (const client of clients) client.send({ op: 'subscribe' });
    for (let i = 0; i < 30; i++) {
      const control = container.control();
      for (const op of ['pause', 'unpause'])
        expect((await control.request({ op })).message).toEqual({ ok: true });
      control.close();
    }
    for (const client of clients) client.close();
  });

  it('tells subscribers every change and waiters the exit', async () => {
    const other = await sandbox.run('exec sleep 1000', { service: { restart: 'on-failure:1' } });
    const subscriber = other.control();
    const waiter = other.control();
    const stopper = other.control();
    expect((await subscriber.request({ op: 'subscribe' })).message.state).toBe('running');
    waiter.send({ op: 'wait' });
    // Nothing answers a wait; what comes after it is answered when it is known.
    expect((await waiter.request({ op: 'status' })).message.state).toBe('running');
    process.kill(other.pid, 'SIGKILL');
    expect(await waiter.next()).toEqual({ event: 'exited', exitCode: 137 });
    const states = [await subscriber.next(), await subscriber.next()].map(({ state }) => state);
    expect(states).toEqual(['restarting', 'running']);
    expect((await stopper.request({ op: 'stop', graceMs: 0 })).message).toEqual({ ok: true });
    expect(await stopper.next()).toEqual({ event: 'ended', exitCode: 137 });
    expect((await subscriber.next()).state).toBe('exited');
    await expect(subscriber.next()).rejects.toThrow('closed');
    for (const control of [subscriber, waiter, stopper]) control.close();
  });

  it('hands over the network namespace and the published sockets', async () => {
    const socket = native.bindPublished({ protocol: 'tcp', address: '127.0.0.1', port: 0 });
    const publisher = await sandbox.run('exec sleep 1000', {
      sockets: [socket.socket],
      network: {
        ports: [
          {
            protocol: 'tcp',
            address: '127.0.0.1',
            port: socket.port,
            target: 80,
            targetAddress: '192.0.2.1',
            group: join(sandbox.directory, 'run/group'),
          },
        ],
      },
    });
    native.close(socket.socket);
    const control = publisher.control();
    const [netns = -1] = (await control.request({ op: 'netns' })).fds;
    expect(readlinkSync(`/proc/self/fd/${netns}`)).toBe(readlinkSync(`/proc/${publisher.pid}/ns/net`));
    const { fds } = await control.request({ op: 'sockets' });
    expect(fds).toHaveLength(1);
    expect(readFileSync('/proc/net/tcp', 'utf8')).toContain(
      `0100007F:${socket.port.toString(16).toUpperCase().padStart(4, '0')}`,
    );
    for (const fd of fds) native.close(fd);
    control.close();
    await publisher.stop({ graceMs: 0 });

    const heir = await sandbox.run('exec sleep 1000', { networkNamespace: netns });
    expect(readlinkSync(`/proc/${heir.pid}/ns/net`)).toBe(readlinkSync(`/proc/self/fd/${netns}`));
    native.close(netns);
    const sharer = await sandbox.run('exec sleep 1000', {
      network: { mode: 'join', joinControl: join(heir.runDir, 'ctl'), joinBundle: heir.bundle },
    });
    expect(readlinkSync(`/proc/${sharer.pid}/ns/net`)).toBe(readlinkSync(`/proc/${heir.pid}/ns/net`));
    await heir.stop({ graceMs: 0 });
    await sharer.stop({ graceMs: 0 });
  });

  it('hands over more sockets than one message carries', async () => {
    const bound = Array.from({ length: 300 }, () =>
      native.bindPublished({ protocol: 'udp', address: '127.0.0.1', port: 0 }),
    );
    const publisher = await sandbox.run('exec sleep 1000', {
      sockets: bound.map(({ socket }) => socket),
      network: {
        ports: bound.map(({ port }) => ({
          protocol: 'udp' as const,
          address: '127.0.0.1',
          port,
          target: 80,
          targetAddress: '192.0.2.1',
          group: join(sandbox.directory, `run/group-${port}`),
        })),
      },
    });
    for (const { socket } of bound) native.close(socket);
    const control = publisher.control();
    const first = await control.request({ op: 'sockets' });
    const second = await control.request({ op: 'sockets', from: first.fds.length });
    expect([first.message.total, first.fds.length + second.fds.length]).toEqual([300, 300]);
    for (const fd of [...first.fds, ...second.fds]) native.close(fd);
    control.close();
    await publisher.stop({ graceMs: 0 });
  });

  it('lies where paths are longer than a socket address', () => {
    expect(join(container.runDir, 'ctl').length).toBeGreaterThan(107);
  });
});
