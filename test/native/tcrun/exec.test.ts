import { existsSync, readFileSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Container, native, Sandbox, until } from './sandbox.ts';

let sandbox: Sandbox;
let container: Container;
beforeAll(async () => {
  sandbox = new Sandbox();
  container = await sandbox.run('exec sleep 1000');
  await container.became('sleep');
});
afterAll(() => sandbox.dispose());

interface Result {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

function drain(fd: number): string {
  const chunks: Buffer[] = [];
  const chunk = Buffer.alloc(65536);
  for (let got = readSync(fd, chunk); got > 0; got = readSync(fd, chunk))
    chunks.push(Buffer.from(chunk.subarray(0, got)));
  return Buffer.concat(chunks).toString();
}

async function exec(args: string[], process: object = {}): Promise<Result> {
  const [input, output, errors] = [native.pipe(), native.pipe(), native.pipe()];
  const control = container.control();
  control.send(
    {
      op: 'exec',
      process: { args, env: ['PATH=/bin'], cwd: '/', terminal: false, privileged: false, ...process },
    },
    [input.read, output.write, errors.write],
  );
  for (const fd of [input.read, input.write, output.write, errors.write]) native.close(fd);
  try {
    const { message } = await control.receive();
    if (message.error) throw Object.assign(new Error(message.error.message), message.error);
    const { exitCode } = await control.next();
    return { exitCode, stdout: drain(output.read), stderr: drain(errors.read) };
  } finally {
    for (const fd of [output.read, errors.read]) native.close(fd);
    control.close();
  }
}

describe('exec', () => {
  it('runs in the namespaces of the container with the descriptors it was given', async () => {
    const result = await exec(['sh', '-c', 'echo out; echo err >&2; cat; exit 4']);
    expect(result).toEqual({ exitCode: 4, stdout: 'out\n', stderr: 'err\n' });
    const pids = await exec(['sh', '-c', 'cat /proc/1/cmdline; ls /proc/self/fd']);
    expect(pids.stdout).toContain('sleep\x001000');
  });

  it('fails as the shell would', async () => {
    await expect(exec(['nothing'])).rejects.toMatchObject({ exitCode: 127, errno: 'ENOENT' });
    await expect(exec(['/etc/passwd'])).rejects.toMatchObject({ exitCode: 126, errno: 'EACCES' });
    await expect(exec(['true'], { cwd: '/proc/self/fd/3' })).rejects.toMatchObject({ step: 'cwd' });
    await expect(exec(['true'], { user: 'nobody-here' })).rejects.toMatchObject({ step: 'user' });
  });

  it('takes another user, with the groups that the container gives it', async () => {
    expect((await exec(['id'], { user: 'app' })).stdout).toBe(
      'uid=1000(app) gid=1000(app) groups=1000(app),2000(data)\n',
    );
    expect((await exec(['id'], { user: '1234:3000' })).stdout).toBe(
      'uid=1234 gid=3000(extra) groups=3000(extra)\n',
    );
  });

  it('has the security of the container, unless privileged', async () => {
    const show = [
      'sh',
      '-c',
      'grep -E "^(Cap|Seccomp:|NoNewPrivs|SigBlk|SigIgn)" /proc/self/status; cat /proc/self/cgroup',
    ];
    const own = await exec(['cat', '/proc/1/status']);
    const lines = (text: string) => text.match(/^(Cap\w+|Seccomp|NoNewPrivs|SigBlk|SigIgn):.*$/gm);
    const other = await exec(show);
    expect(lines(other.stdout)).toEqual(lines(own.stdout));
    expect(lines(other.stdout)).toContain('CapInh:\t0000000000000000');
    expect(other.stdout).not.toContain(container.id);
    const privileged = await exec(show, { privileged: true });
    const all = readFileSync('/proc/self/status', 'utf8').match(/^CapEff:.*$/m)?.[0];
    expect(lines(privileged.stdout)).toContain(all);
  });

  it('is in the cgroups of the container and has nothing but its descriptors', async () => {
    const { stdout } = await exec([
      'sh',
      '-c',
      'ls /proc/self/fd; exec cat /sys/fs/cgroup/pids/cgroup.procs /sys/fs/cgroup/pids.current',
    ]);
    expect(stdout.startsWith('0\n1\n2\n3\n')).toBe(true);
    const { attach } = container.computed.monitor.cgroup;
    const held = await holdExec(['sleep', '1000']);
    for (const file of attach) {
      expect(readFileSync(file.replace(/tasks$/, 'cgroup.procs'), 'utf8').split('\n')).toContain(
        String(held.pid),
      );
    }
    held.control.send({ op: 'exec-signal', exec: held.exec, signal: 9 });
    expect(await held.events()).toContainEqual({ event: 'exit', exec: held.exec, exitCode: 137 });
    held.control.close();
  });

  it('is at no instant visible inside with more than the container may (CVE-2016-9962)', async () => {
    const watcher = await sandbox.run(
      'echo ready; while [ ! -e /tmp/stop ]; do grep -h CapPrm /proc/[0-9]*/status >> /tmp/seen 2>/dev/null; done; sort -u /tmp/seen',
      { service: { cap_add: ['SYS_PTRACE'] } },
    );
    await watcher.logged('ready');
    for (let i = 0; i < 100; i++) {
      const control = watcher.control();
      const { read, write } = native.pipe();
      const process = { args: ['true'], env: ['PATH=/bin'], cwd: '/', terminal: false, privileged: false };
      await control.request({ op: 'exec', process }, [read, write, write]);
      expect(await control.next()).toMatchObject({ event: 'exit', exitCode: 0 });
      for (const fd of [read, write]) native.close(fd);
      control.close();
    }
    writeFileSync(`/proc/${watcher.pid}/root/tmp/stop`, '');
    await watcher.ended();
    // Docker's fourteen and SYS_PTRACE.
    expect(watcher.output()).toBe('ready\nCapPrm:\t00000000a80c25fb\n');
  });

  it('gets end-of-file, not a kill, when its client goes away', async () => {
    const input = native.pipe();
    const output = native.pipe();
    const control = container.control();
    const process = {
      args: ['sh', '-c', 'cat; echo end-of-file > /tmp/seen'],
      env: ['PATH=/bin'],
      cwd: '/',
      terminal: false,
      privileged: false,
    };
    await control.request({ op: 'exec', process }, [input.read, output.write, output.write]);
    for (const fd of [input.read, output.write, output.read]) native.close(fd);
    control.close();
    native.close(input.write);
    await until(
      () => existsSync(`/proc/${container.pid}/root/tmp/seen`),
      'the process to see the end of its input',
    );
  });
});

async function holdExec(args: string[]) {
  const control = container.control();
  const ends = [native.pipe(), native.pipe(), native.pipe()];
  const process = { args, env: ['PATH=/bin'], cwd: '/', terminal: false, privileged: false };
  const { message } = await control.request(
    { op: 'exec', process },
    ends.map(({ read, write }, i) => (i === 0 ? read : write)),
  );
  for (const { read, write } of ends) for (const fd of [read, write]) native.close(fd);
  const events = async () => [await control.next(), await control.next()];
  return { control, events, exec: message.exec as number, pid: message.pid as number };
}

describe('exec with a terminal', () => {
  const process = (script: string) => ({
    args: ['sh', '-c', script],
    env: ['PATH=/bin'],
    cwd: '/',
    terminal: true,
    privileged: false,
    rows: 24,
    columns: 80,
  });

  it("hands out the master of a pty in the container's devpts", async () => {
    const control = container.control();
    const { message, fds } = await control.request({
      op: 'exec',
      process: process('tty; stty size; read line; echo got $line; exit 5'),
    });
    expect(message).toMatchObject({ ok: true });
    const [master = -1] = fds;
    let shown = '';
    await until(() => {
      shown += readSome(master);
      return shown.includes('80\r\n');
    }, 'the size');
    writeSync(master, 'typed\n');
    expect(await control.next()).toEqual({ event: 'exit', exec: message.exec, exitCode: 5 });
    expect(shown + drainTerminal(master)).toBe('/dev/pts/0\r\n24 80\r\ntyped\r\ngot typed\r\n');
    native.close(master);
    control.close();
  });

  it('changes its size', async () => {
    const control = container.control();
    const { message, fds } = await control.request({
      op: 'exec',
      process: process('trap "stty size; exit 0" WINCH; echo ready; while :; do sleep 0.01; done'),
    });
    const [master = -1] = fds;
    await until(() => readSome(master).includes('ready'), 'the shell');
    expect(
      (await control.request({ op: 'resize', exec: message.exec, rows: 50, columns: 100 })).message,
    ).toEqual({ ok: true });
    expect(await control.next()).toMatchObject({ event: 'exit', exitCode: 0 });
    expect(drainTerminal(master)).toContain('50 100');
    native.close(master);
    control.close();
  });

  it('gets SIGHUP when its client goes away', async () => {
    const control = container.control();
    const { fds } = await control.request({
      op: 'exec',
      process: process('trap "echo hung up > /tmp/hup; exit" HUP; echo ready; while :; do sleep 0.01; done'),
    });
    await until(() => readSome(fds[0] ?? -1).includes('ready'), 'the shell');
    for (const fd of fds) native.close(fd);
    control.close();
    await until(() => existsSync(`/proc/${container.pid}/root/tmp/hup`), 'SIGHUP to arrive');
  });
});

/** All that a terminal still has; its other end is closed, which reads as EIO. */
function drainTerminal(master: number): string {
  let text = '';
  for (let some = readSome(master); some; some = readSome(master)) text += some;
  return text;
}

function readSome(fd: number): string {
  const chunk = Buffer.alloc(4096);
  try {
    return chunk.toString('utf8', 0, readSync(fd, chunk));
  } catch {
    return '';
  }
}
