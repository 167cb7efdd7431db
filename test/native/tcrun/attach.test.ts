// Clients that see the output and type, from the control socket's side.

import { existsSync, readdirSync, readFileSync, readSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Control } from './control.ts';
import { type Container, native, Sandbox, until } from './sandbox.ts';

let sandbox: Sandbox;
beforeAll(() => {
  sandbox = new Sandbox();
});
afterAll(() => sandbox.dispose());

/** A client with pipes of its own; `read` takes what there is, off no event loop. */
class Client {
  readonly control: Control;
  readonly #input = native.pipe();
  readonly #output = native.pipe();
  readonly #errors = native.pipe();
  readonly #open = new Set<number>();

  constructor(control: Control) {
    this.control = control;
    for (const { read, write } of [this.#input, this.#output, this.#errors]) this.#open.add(read).add(write);
  }

  static of(container: Container): Client {
    return new Client(container.control());
  }

  send(members: object = {}): void {
    const given = [this.#input.read, this.#output.write, this.#errors.write];
    this.control.send({ op: 'attach', ...members }, given);
    for (const fd of given) this.#close(fd);
  }

  async attach(members: object = {}): Promise<this> {
    this.send(members);
    expect(await this.control.next()).toEqual({ ok: true });
    return this;
  }

  type(text: string): void {
    writeSync(this.#input.write, text);
  }

  endInput(): void {
    this.#close(this.#input.write);
  }

  /** At least one byte, or '' at the end. Blocks. */
  read(from: 'output' | 'errors' = 'output', size = 65536): string {
    const chunk = Buffer.alloc(size);
    const got = readSync(from === 'output' ? this.#output.read : this.#errors.read, chunk);
    return chunk.toString('latin1', 0, got);
  }

  readAll(): string {
    let text = '';
    for (let part = this.read(); part !== ''; part = this.read()) text += part;
    return text;
  }

  leave(): void {
    this.control.close();
    for (const fd of this.#open) native.close(fd);
    this.#open.clear();
  }

  #close(fd: number): void {
    if (this.#open.delete(fd)) native.close(fd);
  }
}

const echo = 'while read line; do echo "got $line"; done; echo end of input';
const withInput = { service: { stdin_open: true } };

describe('attach', () => {
  it('shows the output to everybody, takes input from everybody, and logs all of it', async () => {
    const container = await sandbox.run(`${echo}; exit 3`, withInput);
    const [one, two] = [await Client.of(container).attach(), await Client.of(container).attach()];
    one.type('first\n');
    expect([one.read(), two.read()]).toEqual(['got first\n', 'got first\n']);
    two.type('second\n');
    expect([one.read(), two.read()]).toEqual(['got second\n', 'got second\n']);
    one.leave();
    const last = await Client.of(container).attach({ endsInput: true });
    last.endInput();
    expect([two.read(), last.read()]).toEqual(['end of input\n', 'end of input\n']);
    expect(await two.control.next()).toEqual({ event: 'exited', exitCode: 3 });
    expect(await last.control.next()).toEqual({ event: 'exited', exitCode: 3 });
    expect([two.read(), last.read()]).toEqual(['', '']);
    two.leave();
    last.leave();
    await container.ended();
    expect(container.output()).toBe('got first\ngot second\nend of input\n');
  });

  it('keeps the input open when a client leaves, unless that is its end', async () => {
    const container = await sandbox.run(echo, withInput);
    const guest = await Client.of(container).attach();
    guest.endInput();
    guest.leave();
    const host = await Client.of(container).attach({ endsInput: true });
    host.type('still here\n');
    expect(host.read()).toBe('got still here\n');
    host.leave();
    expect((await container.ended()).exitCode).toBe(0);
    expect(container.output()).toContain('end of input');
  });

  it('is there before the container is, and misses nothing', async () => {
    const container = sandbox.prepare('echo at once; echo problem >&2; cat; exit 4', withInput);
    const [own, theirs] = native.socketPair();
    const client = new Client(Control.of(own));
    client.send({ lossless: true, endsInput: true });
    client.type('typed before the start\n');
    client.endInput();
    await container.start({ client: theirs });
    native.close(theirs);
    expect(await client.control.next()).toEqual({ ok: true });
    expect(client.readAll()).toBe('at once\ntyped before the start\n');
    expect(client.read('errors')).toBe('problem\n');
    expect(await client.control.next()).toEqual({ event: 'exited', exitCode: 4 });
    await expect(client.control.next()).rejects.toThrow('closed the connection');
    client.leave();
  });

  it('never lets a client that does not read hold up the service, its log or other clients', async () => {
    const bytes = 3_000_000;
    const container = await sandbox.run(
      `read go; head -c ${bytes} /dev/zero | tr '\\0' x; echo; read go; echo on`,
      {
        ...withInput,
      },
    );
    const slow = await Client.of(container).attach({ capacity: 65536 });
    slow.type('\n');
    // All of it is in the log although nobody has read a byte.
    await until(() => container.output().length === bytes + 1, 'the whole output in the log');
    // Its pipe was full; now there is room.
    expect(slow.read().length).toBeGreaterThan(0);
    slow.type('\n');
    // Gaps are told one by one: a short piece may have fitted into the last page of a pipe that was full for longer ones.
    let dropped = 0;
    let heard = await slow.control.next();
    for (; heard.event === 'dropped'; heard = await slow.control.next()) dropped += heard.bytes;
    expect(heard).toEqual({ event: 'exited', exitCode: 0 });
    expect(dropped).toBeGreaterThan(bytes - 200_000);
    slow.leave();
  });

  it('holds the service up for a client that wants all of it, as long as that is there', async () => {
    const bytes = 2_000_000;
    const script = `read go; head -c ${bytes} /dev/zero | tr '\\0' x; exit 5`;
    const reader = await sandbox.run(script, withInput);
    const client = await Client.of(reader).attach({ lossless: true });
    client.type('\n');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(reader.output().length).toBeLessThan(bytes / 2);
    expect(reader.status().state).toBe('running');
    let size = 0;
    for (let part = client.read(); part !== ''; part = client.read()) size += part.length;
    expect(size).toBe(bytes);
    expect(await client.control.next()).toEqual({ event: 'exited', exitCode: 5 });
    client.leave();

    const abandoned = await sandbox.run(script, withInput);
    const leaver = await Client.of(abandoned).attach({ lossless: true });
    leaver.type('\n');
    leaver.read();
    leaver.leave();
    expect((await abandoned.ended()).exitCode).toBe(5);
    expect(abandoned.output().length).toBe(bytes);
  });

  it('is not kept from ending by a client that wants all and reads nothing, once it is to be stopped', async () => {
    const container = await sandbox.run('head -c 2000000 /dev/zero; sleep 1000', withInput);
    const client = await Client.of(container).attach({ lossless: true });
    const control = container.control();
    expect((await control.request({ op: 'stop', graceMs: 100 })).message).toEqual({ ok: true });
    expect(await control.next()).toMatchObject({ event: 'ended' });
    client.leave();
    control.close();
  });

  it('does not lose what is typed faster than it is read', async () => {
    const container = await sandbox.run('read go; wc -c', withInput);
    const client = await Client.of(container).attach({ endsInput: true });
    client.type('\n');
    for (let i = 0; i < 30; i += 1) {
      client.type('y'.repeat(10_000));
      await new Promise((resolve) => setImmediate(resolve));
    }
    client.endInput();
    expect(client.read().trim()).toBe('300000');
    client.leave();
  });

  it('types into the terminal and sizes it', async () => {
    const container = await sandbox.run('stty -echo; read go; stty size; read go', {
      service: { tty: true },
    });
    const client = await Client.of(container).attach();
    const control = container.control();
    expect((await control.request({ op: 'resize', rows: 21, columns: 77 })).message).toEqual({ ok: true });
    client.type('\n');
    let shown = '';
    await until(() => {
      shown += client.read();
      return shown.includes('21 77');
    }, 'the size');
    client.type('\n');
    expect(await client.control.next()).toEqual({ event: 'exited', exitCode: 0 });
    client.leave();
    control.close();
  });

  it('sees the output of a container without a log', async () => {
    const container = await sandbox.run('read go; echo seen', {
      service: { stdin_open: true, logging: { driver: 'none' } },
    });
    const client = await Client.of(container).attach();
    client.type('\n');
    expect(client.read()).toBe('seen\n');
    client.leave();
    await container.ended();
    expect(existsSync(`${container.bundle}/log`)).toBe(false);
  });

  it('is refused twice on one connection, and without three descriptors', async () => {
    const container = await sandbox.run(echo, withInput);
    const client = await Client.of(container).attach();
    const [a, b] = native.socketPair();
    client.control.send({ op: 'attach' }, [a, a, a]);
    expect(await client.control.next()).toMatchObject({ error: { errno: 'EBUSY' } });
    client.control.send({ op: 'attach' }, [a]);
    expect(await client.control.next()).toMatchObject({ error: { errno: 'EPROTO' } });
    for (const fd of [a, b]) native.close(fd);
    client.type('still attached\n');
    expect(client.read()).toBe('got still attached\n');
    client.leave();
  });

  it('closes what it was given with the last life', async () => {
    const container = await sandbox.run(echo, withInput);
    const count = () => readdirSync(`/proc/${container.monitorPid}/fd`).length;
    const before = count();
    for (let i = 0; i < 20; i += 1) (await Client.of(container).attach()).leave();
    await until(() => count() <= before, 'the descriptors are closed again');
  });
});

describe('a container that goes when it ends', () => {
  it('leaves its record under a name that says so, and nothing else', async () => {
    const container = await sandbox.run('echo data > /file', { onEnd: 'remove' });
    const remnant = container.bundle.replace(/([0-9a-f]{64})$/, '.ended-$1');
    await until(() => existsSync(remnant) && !existsSync(`${remnant}/upper`), 'it is put away');
    await until(() => !existsSync(container.runDir), 'its run directory is gone');
    expect(existsSync(container.bundle)).toBe(false);
    expect(readFileSync(`${remnant}/monitor.json`, 'utf8')).toContain(container.id);
    expect(dirname(remnant)).toBe(dirname(container.bundle));
  });
});
