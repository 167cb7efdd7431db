import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadNative } from '../../../src/runtime/native.ts';

const native = loadNative();
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tcompose-locks-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

describe('locks', () => {
  it('are exclusive between descriptors of one process, and shared when asked', () => {
    const [first, second] = [native.openDirectory(directory), native.openDirectory(directory)];
    expect(native.tryLock(first, 'exclusive')).toBe(true);
    expect(native.tryLock(second, 'shared')).toBe(false);
    native.unlock(first);
    expect(native.tryLock(first, 'shared')).toBe(true);
    expect(native.tryLock(second, 'shared')).toBe(true);
    expect(native.tryLock(second, 'exclusive')).toBe(false);
    native.close(first);
    expect(native.tryLock(second, 'exclusive')).toBe(true);
    native.close(second);
  });

  it('resolves false without waiting, and true as soon as the holder lets go', async () => {
    const [holder, waiter] = [native.openDirectory(directory), native.openDirectory(directory)];
    expect(await native.lock(holder, 'exclusive', true)).toBe(true);
    expect(await native.lock(waiter, 'exclusive', false)).toBe(false);
    let taken = false;
    const waiting = native.lock(waiter, 'exclusive', true).then((result) => {
      taken = result;
    });
    await new Promise(setImmediate);
    expect(taken).toBe(false);
    native.close(holder);
    await waiting;
    expect(taken).toBe(true);
    // The lock outlives the thread that waited for it.
    const other = native.openDirectory(directory);
    expect(native.tryLock(other, 'exclusive')).toBe(false);
    native.close(waiter);
    expect(native.tryLock(other, 'exclusive')).toBe(true);
    native.close(other);
  });

  it('are free as soon as who waited for one has closed its descriptor', async () => {
    const other = native.openDirectory(directory);
    for (let round = 0; round < 2000; round += 1) {
      const [holder, waiter] = [native.openDirectory(directory), native.openDirectory(directory)];
      expect(native.tryLock(holder, 'exclusive')).toBe(true);
      const waiting = native.lock(waiter, 'exclusive', true);
      native.close(holder);
      await waiting;
      native.close(waiter);
      expect(native.tryLock(other, 'exclusive')).toBe(true);
      native.unlock(other);
    }
    native.close(other);
  });

  it('are dropped by the kernel when their holder dies', async () => {
    const holder = spawn('flock', ['--no-fork', directory, 'sh', '-c', 'echo locked; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(holder.stdout, 'data');
    const waiter = native.openDirectory(directory);
    expect(native.tryLock(waiter, 'exclusive')).toBe(false);
    const waiting = native.lock(waiter, 'exclusive', true);
    holder.kill('SIGKILL');
    expect(await waiting).toBe(true);
    native.close(waiter);
  });

  it('names the system call and the error', () => {
    expect(() => native.openDirectory(join(directory, 'absent'))).toThrowError(
      expect.objectContaining({ syscall: 'open', errno: 'ENOENT', path: join(directory, 'absent') }),
    );
    expect(() => native.tryLock(9999, 'exclusive')).toThrowError(
      expect.objectContaining({ syscall: 'flock', errno: 'EBADF' }),
    );
    expect(() => native.close(-1)).toThrowError(TypeError);
  });
});
