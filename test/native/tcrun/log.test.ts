import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Sandbox, until } from './sandbox.ts';

let sandbox: Sandbox;
beforeAll(() => {
  sandbox = new Sandbox();
});
afterAll(() => sandbox.dispose());

const raw = (bundle: string, name = 'log') => readFileSync(join(bundle, name), 'utf8');

describe('the log', () => {
  it("has the members, order and time of Docker's json-file", async () => {
    const container = await sandbox.run('echo hello; echo oops >&2');
    await container.ended();
    const lines = raw(container.bundle).split('\n').filter(Boolean);
    expect(lines).toHaveLength(2);
    for (const line of lines) {
      expect(line).toMatch(
        /^\{"log":"(hello|oops)\\n","stream":"(stdout|stderr)","time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,8}[1-9])?Z"\}$/,
      );
      const age = Date.now() - Date.parse(JSON.parse(line).time);
      expect(age).toBeGreaterThanOrEqual(-1);
      expect(age).toBeLessThan(60_000);
    }
  });

  it('escapes what Go escapes', async () => {
    const container = await sandbox.run(
      String.raw`printf 'a"b\\c\t<&>\001\r\033[0m\n\xe2\x80\xa8\xe2\x80\xa9 \xc3\xa4 \xff\xc3 \xed\xa0\x80\n'`,
    );
    await container.ended();
    const [first, second] = raw(container.bundle).split('\n');
    expect(first).toContain(String.raw`{"log":"a\"b\\c\t\u003c\u0026\u003e\u0001\r\u001b[0m\n",`);
    expect(second).toContain(String.raw`{"log":"\u2028\u2029 ä \ufffd\ufffd \ufffd\ufffd\ufffd\n",`);
  });

  it('cuts at 16 KiB; parts have no newline and share a time', async () => {
    const container = await sandbox.run("head -c 40000 /dev/zero | tr '\\0' x; echo; echo next");
    await container.ended();
    const log = container.log();
    expect(log.map(({ log }) => log.length)).toEqual([16384, 16384, 40001 - 2 * 16384, 5]);
    expect(log.map(({ log }) => log.endsWith('\n'))).toEqual([false, false, true, true]);
    expect(new Set(log.slice(0, 3).map(({ time }) => time)).size).toBe(1);
  });

  it('keeps a last line without a newline as it is', async () => {
    const container = await sandbox.run('printf "no newline"');
    await container.ended();
    expect(container.log().map(({ log }) => log)).toEqual(['no newline']);
  });

  it('loses nothing of what was written just before the end', async () => {
    const container = await sandbox.run('seq 1 20000');
    await container.ended();
    expect(container.output()).toBe(`${Array.from({ length: 20000 }, (_, i) => i + 1).join('\n')}\n`);
  });

  it('rotates by size and keeps as many files as asked', async () => {
    const container = await sandbox.run('seq 1 3000', {
      monitor: (spec) => ({ ...spec, log: { ...spec.log, maxSize: 32768, maxFile: 3 } }),
    });
    await container.ended();
    const names = readdirSync(container.bundle).filter((name) => name.startsWith('log'));
    expect(names.sort()).toEqual(['log', 'log.1', 'log.2']);
    for (const name of names) expect(raw(container.bundle, name).length).toBeLessThanOrEqual(32768);
    const numbers = ['log.2', 'log.1', 'log']
      .flatMap((name) => raw(container.bundle, name).split('\n').filter(Boolean))
      .map((line) => Number(JSON.parse(line).log));
    expect(numbers.at(-1)).toBe(3000);
    expect(numbers).toEqual(numbers.map((_, i) => (numbers[0] ?? 0) + i));
  });

  it('with one file starts over', async () => {
    const container = await sandbox.run('seq 1 3000', {
      monitor: (spec) => ({ ...spec, log: { ...spec.log, maxSize: 32768, maxFile: 1 } }),
    });
    await container.ended();
    expect(readdirSync(container.bundle).filter((name) => name.startsWith('log'))).toEqual(['log']);
    expect(container.log().at(-1)?.log).toBe('3000\n');
  });

  it('goes on in the same file when the container is started again', async () => {
    const container = await sandbox.run('echo once');
    await container.ended();
    await container.start();
    await container.ended();
    expect(container.output()).toBe('once\nonce\n');
  });

  it('is not written through a link', async () => {
    const victim = join(sandbox.directory, 'victim');
    writeFileSync(victim, '');
    const container = sandbox.prepare('echo no');
    symlinkSync(victim, join(container.bundle, 'log'));
    await expect(container.start()).rejects.toMatchObject({ step: 'log', errno: 'ELOOP' });
    expect(readFileSync(victim, 'utf8')).toBe('');
  });

  it('is no device', async () => {
    const container = sandbox.prepare('true', {
      monitor: (spec) => ({ ...spec, log: { ...spec.log, path: '/dev/full' } }),
    });
    await expect(container.start()).rejects.toMatchObject({ step: 'log', errno: 'EINVAL' });
  });

  it('drops and counts lines while the disk is full, and never blocks the service', async () => {
    const disk = join(sandbox.directory, 'disk');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=128k', 'tmpfs', disk]);
    try {
      const path = join(disk, 'log');
      const container = await sandbox.run('seq 1 4000; echo full; exec sleep 1000', {
        monitor: (spec) => ({ ...spec, runDir: disk, log: { ...spec.log, path } }),
      });
      const status = () => JSON.parse(readFileSync(join(disk, 'status'), 'utf8'));
      await until(() => status().droppedLogLines > 0, 'the drops to be told');
      // Whole lines only, and the status is true although it had no room of its own.
      for (const line of readFileSync(path, 'utf8').split('\n').slice(0, -1)) JSON.parse(line);
      expect(status()).toMatchObject({ state: 'running', pid: container.pid });
      // Then it has written all of it.
      await container.became('sleep');
      process.kill(container.pid, 'SIGKILL');
      const last = await container.ended();
      expect(last.droppedLogLines).toBeGreaterThan(1000);
      const kept = readFileSync(path, 'utf8').split('\n').length - 1;
      expect(kept + last.droppedLogLines).toBe(4001);
    } finally {
      execFileSync('umount', ['-l', disk]);
    }
  });

  it('is nothing with the driver none', async () => {
    const container = await sandbox.run('echo nothing; readlink /proc/self/fd/1', {
      service: { logging: { driver: 'none' } },
    });
    expect(await container.ended()).toMatchObject({ exitCode: 0 });
    expect(readdirSync(container.bundle)).not.toContain('log');
  });
});
