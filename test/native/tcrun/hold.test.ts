// A container between two lives, whose files somebody works on.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Control, Reply } from './control.ts';
import { type Container, isAlive, native, Sandbox, until } from './sandbox.ts';

let sandbox: Sandbox;
beforeAll(() => {
  sandbox = new Sandbox();
});
afterAll(() => sandbox.dispose());

describe('a hold', () => {
  const crashing = () => sandbox.run('echo life; exit 1', { service: { restart: 'always' } });
  const lives = (container: Container) => container.output().split('\n').length - 1;
  const between = (container: Container) =>
    container.reached(({ state, restartCount }) => state === 'restarting' && restartCount >= 2);
  /** Between two lives, at once or the next time: the next life may begin before the request is there. */
  const takeHold = async (container: Container, control: Control): Promise<Reply> => {
    for (;;) {
      await between(container);
      const reply = await control.request({ op: 'hold' });
      if (reply.message.error?.errno !== 'EBUSY') return reply;
    }
  };

  it('keeps a container between two lives from the next one, for one client after the other', async () => {
    const container = await crashing();
    const [first, second] = [container.control(), container.control()];
    const granted = await takeHold(container, first);
    expect(granted).toMatchObject({ message: { ok: true }, fds: [expect.any(Number)] });
    const before = lives(container);
    let isSecond = false;
    const waiting = second.request({ op: 'hold' }).then((reply) => {
      isSecond = true;
      return reply;
    });
    // The next life is due, and counted.
    const { restartCount } = container.status();
    await container.reached((now) => now.restartCount > restartCount);
    expect([lives(container), isSecond, container.status().state]).toEqual([before, false, 'restarting']);
    first.send({ op: 'stop' });
    expect((await first.next()).error).toMatchObject({ errno: 'EBUSY' });
    first.close();
    const { fds } = await waiting;
    expect(lives(container)).toBe(before);
    second.close();
    await until(() => lives(container) > before, 'the life that was due');
    for (const fd of [...granted.fds, ...fds]) native.close(fd);
    expect(await container.stop()).toMatchObject({ state: 'exited', stoppedBy: 'user' });
  });

  it('leaves its lock to who has it when the monitor ends', async () => {
    const container = await crashing();
    const control = container.control();
    const { fds } = await takeHold(container, control);
    const other = container.control();
    await other.request({ op: 'stop' });
    expect(await other.next()).toMatchObject({ event: 'ended' });
    other.close();
    await until(() => !isAlive(container.monitorPid), 'the monitor to end');
    const directory = native.openDirectory(container.bundle);
    expect(native.tryLock(directory, 'exclusive')).toBe(false);
    for (const fd of fds) native.close(fd);
    expect(native.tryLock(directory, 'exclusive')).toBe(true);
    native.close(directory);
    control.close();
  });

  it('puts a restart by request off, and is refused while the container runs', async () => {
    const container = await sandbox.run('test -e /mended && exec sleep 1000; exit 1', {
      service: { restart: 'always' },
    });
    const [holder, other] = [container.control(), container.control()];
    const { fds } = await takeHold(container, holder);
    expect((await other.request({ op: 'restart' })).message).toEqual({ ok: true });
    writeFileSync(join(container.bundle, 'upper/mended'), '');
    expect(container.status().state).toBe('restarting');
    holder.close();
    expect(await other.next()).toMatchObject({ event: 'started' });
    expect((await other.request({ op: 'hold' })).message).toMatchObject({ error: { errno: 'EBUSY' } });
    other.close();
    for (const fd of fds) native.close(fd);
    await container.stop({ graceMs: 0 });
  });
});
