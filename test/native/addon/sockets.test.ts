import { fstatSync, mkdirSync, mkdtempSync, readSync, rmSync, writeSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadNative } from '../../../src/runtime/native.ts';

const native = loadNative();
let directory: string;
let server: Server;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tcompose-sockets-'));
});
afterEach(async () => {
  await new Promise((done) => server.close(done));
  rmSync(directory, { recursive: true });
});

/** Two connected ends: ours as a descriptor, the peer as a Node socket. */
async function connect(path = join(directory, 'ctl')): Promise<{ fd: number; peer: Socket }> {
  let accepted: (peer: Socket) => void = () => {};
  const peer = new Promise<Socket>((resolve) => {
    accepted = resolve;
  });
  server = createServer((socket) => accepted(socket));
  await new Promise<void>((done) => server.listen(path, done));
  return { fd: native.connectUnix(path), peer: await peer };
}

describe('the control socket', () => {
  it('is reached through paths longer than sun_path', async () => {
    const deep = join(directory, 'x'.repeat(100), 'y'.repeat(100));
    mkdirSync(deep, { recursive: true });
    // Node cuts long paths: listen in a short place, and reach it by a long way round.
    const { fd, peer } = await connect();
    native.close(fd);
    peer.destroy();
    const long = `${deep}/../../ctl`;
    const again = native.connectUnix(long);
    expect(fstatSync(again).isSocket()).toBe(true);
    native.close(again);
  });

  it('says what is missing', async () => {
    const { fd, peer } = await connect();
    native.close(fd);
    peer.destroy();
    const path = join(directory, 'absent');
    expect(() => native.connectUnix(path)).toThrowError(
      expect.objectContaining({ syscall: 'connect', errno: 'ENOENT', path }),
    );
  });

  it('receives lines one by one, however they arrive', async () => {
    const { fd, peer } = await connect();
    const first = native.receiveDescriptors(fd);
    peer.write('{"a":');
    await new Promise(setImmediate);
    peer.write('1}\n{"b":2}\n');
    expect(await first).toEqual({ line: '{"a":1}\n', fds: [] });
    expect(await native.receiveDescriptors(fd)).toEqual({ line: '{"b":2}\n', fds: [] });
    const long = `${'z'.repeat(100_000)}\n`;
    peer.write(long);
    expect((await native.receiveDescriptors(fd)).line).toBe(long);
    peer.end();
    expect(await native.receiveDescriptors(fd)).toEqual({ line: '', fds: [] });
    native.close(fd);
  });

  it('reports a line that was cut off', async () => {
    const { fd, peer } = await connect();
    peer.end('{"half":');
    await expect(native.receiveDescriptors(fd)).rejects.toMatchObject({ errno: 'ECONNRESET' });
    native.close(fd);
  });

  it('stops waiting when its descriptor is closed, and refuses a second reader', async () => {
    const { fd, peer } = await connect();
    const waiting = native.receiveDescriptors(fd);
    expect(() => native.receiveDescriptors(fd)).toThrowError(expect.objectContaining({ errno: 'EBUSY' }));
    native.close(fd);
    await expect(waiting).rejects.toMatchObject({ errno: 'ECANCELED' });
    peer.destroy();
  });

  it('carries descriptors with the line they belong to', async () => {
    // Both ends must be ours to read descriptors: a connection to ourselves, with the accepted end's descriptor.
    const { fd, peer } = await connect();
    const accepted = (peer as unknown as { _handle: { fd: number } })._handle.fd;
    peer.pause();
    const { read, write } = native.pipe();
    native.sendDescriptors(accepted, Buffer.from('plain\n'), []);
    native.sendDescriptors(accepted, Buffer.from('{"op":"exec"}\n'), [write, read]);
    expect(await native.receiveDescriptors(fd)).toEqual({ line: 'plain\n', fds: [] });
    const { line, fds } = await native.receiveDescriptors(fd);
    expect(line).toBe('{"op":"exec"}\n');
    expect(fds.map((received) => native.descriptorKind(received))).toEqual(['pipe', 'pipe']);
    writeSync(fds[0]!, 'through');
    const text = Buffer.alloc(16);
    expect(text.toString('utf8', 0, readSync(read, text))).toBe('through');
    for (const open of [read, write, fd, ...fds]) native.close(open);
    peer.destroy();
  });
});
