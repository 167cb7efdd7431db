import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Control } from './control.ts';
import { type Container, isAlive, native, readCommand, Sandbox, type Status, until } from './sandbox.ts';

let sandbox: Sandbox;
beforeAll(() => {
  sandbox = new Sandbox();
});
afterAll(() => sandbox.dispose());

/** Milliseconds between the lines of a log. */
function gaps(times: readonly string[]): number[] {
  return times.slice(1).map((time, i) => Date.parse(time) - Date.parse(times[i] ?? ''));
}

describe('the restart policy', () => {
  it('on-failure starts again as often as allowed, waiting twice as long each time', async () => {
    const container = await sandbox.run('echo life; exit 9', { service: { restart: 'on-failure:3' } });
    expect(await container.ended()).toMatchObject({ state: 'exited', exitCode: 9, restartCount: 3 });
    const waits = gaps(container.log().map(({ time }) => time));
    expect(waits).toHaveLength(3);
    // The least that it may wait; how much more depends on the machine.
    for (const [i, least] of [100, 200, 400].entries()) expect(waits[i]).toBeGreaterThanOrEqual(least - 1);
  });

  it('on-failure ends with success', async () => {
    const container = await sandbox.run('exit 0', { service: { restart: 'on-failure' } });
    expect(await container.ended()).toMatchObject({ exitCode: 0, restartCount: 0 });
  });

  it('always starts again after kill -9 of pid 1, with the same network namespace', async () => {
    const container = await sandbox.run('echo life; exec sleep 1000', { service: { restart: 'always' } });
    await container.logged('life');
    const first = container.status();
    const net = netns(container.pid);
    process.kill(container.pid, 'SIGKILL');
    const second = await container.reached(
      ({ state, restartCount }) => state === 'running' && restartCount === 1,
    );
    expect(second.pid).not.toBe(first.pid);
    expect(second.monitorPid).toBe(first.monitorPid);
    expect(netns(second.pid ?? 0)).toBe(net);
    expect(container.last()).toMatchObject({ state: 'restarting', exitCode: 137 });
    await until(() => container.output() === 'life\nlife\n', 'the second life to begin');
    expect(await container.stop({ graceMs: 0 })).toMatchObject({ stoppedBy: 'user', exitCode: 137 });
  });

  it('is over at once when stopped while it waits', async () => {
    const container = await sandbox.run('exit 1', { service: { restart: 'always' } });
    await container.reached(({ state, restartCount }) => state === 'restarting' && restartCount >= 2);
    expect(await container.stop()).toMatchObject({ state: 'exited', exitCode: 1, stoppedBy: 'user' });
  });

  it('does not start again after SIGKILL by request', async () => {
    const container = await sandbox.run('sleep 1000', { service: { restart: 'always' } });
    const control = container.control();
    expect((await control.request({ op: 'signal', signal: 9 })).message).toEqual({ ok: true });
    control.close();
    expect(await container.ended()).toMatchObject({ exitCode: 137, stoppedBy: 'user' });
  });
});

function netns(pid: number): string {
  return readlinkSync(`/proc/${pid}/ns/net`);
}

describe('restart by request', () => {
  it('keeps monitor and network namespace and answers with the new pid', async () => {
    const container = await sandbox.run('trap "exit 0" TERM; echo life; while :; do sleep 0.02; done');
    await container.logged('life');
    const control = container.control();
    expect((await control.request({ op: 'restart' })).message).toEqual({ ok: true });
    const { event, pid } = await control.next();
    control.close();
    expect(event).toBe('started');
    expect(isAlive(pid)).toBe(true);
    expect(container.status()).toMatchObject({ state: 'running', pid, restartCount: 0, stoppedBy: '' });
    expect(container.status().monitorPid).toBe(container.monitorPid);
    await container.stop({ graceMs: 0 });
  });
});

describe('init', () => {
  it('reaps orphans and passes signals and exit codes on', async () => {
    const container = await sandbox.run(
      // A zombie has its directory until it is reaped.
      'trap "exit 6" USR1; sh -c "sleep 0.01 & echo \\$! > /tmp/orphan"; while [ -e /proc/$(cat /tmp/orphan) ]; do sleep 0.01; done; echo ready; while :; do sleep 0.02; done',
      { service: { init: true } },
    );
    await container.logged('ready');
    const control = container.control();
    await control.request({ op: 'signal', signal: 10 });
    control.close();
    expect(await container.ended()).toMatchObject({ exitCode: 6 });
    const killed = await sandbox.run('kill -TERM $$', { service: { init: true } });
    expect(await killed.ended()).toMatchObject({ exitCode: 143 });
  });

  it('reports a command that is not there', async () => {
    const container = sandbox.prepare('', { service: { init: true, command: ['/nothing'] } });
    await expect(container.start()).rejects.toMatchObject({ step: 'exec', exitCode: 127 });
    const text = sandbox.prepare('', { service: { init: true, command: ['/etc/passwd'] } });
    await expect(text.start()).rejects.toMatchObject({ step: 'exec', exitCode: 126 });
  });
});

describe('health', () => {
  const check = (test: string, more: object = {}) => ({
    healthcheck: {
      test: ['CMD-SHELL', test],
      interval: 50_000_000,
      timeout: 60_000_000_000,
      retries: 2,
      ...more,
    },
  });

  it('goes from starting to healthy, to unhealthy after the retries, and back', async () => {
    const container = sandbox.prepare('exec sleep 1000', {
      service: check('echo probing; test ! -e /tmp/ill'),
    });
    // Told of every change from the beginning on: how many probes there have been at a later look, nobody knows.
    const [own, theirs] = native.socketPair();
    const told = Control.of(own);
    told.send({ op: 'subscribe' });
    await container.start({ client: theirs });
    native.close(theirs);
    const next = async (state: string): Promise<Status> => {
      for (;;) {
        const status = await told.next();
        if (status.state === 'running' && status.health?.status === state) return status;
      }
    };
    expect((await next('starting')).health?.log).toEqual([]);
    expect((await next('healthy')).health?.log).toMatchObject([{ exitCode: 0, output: 'probing\n' }]);
    writeFileSync(`/proc/${container.pid}/root/tmp/ill`, '');
    const ill = await next('unhealthy');
    expect(ill.health?.failingStreak).toBe(2);
    expect(ill.health?.log.length).toBeLessThanOrEqual(5);
    rmSync(`/proc/${container.pid}/root/tmp/ill`);
    expect((await next('healthy')).health?.failingStreak).toBe(0);
    told.close();
    await container.stop({ graceMs: 0 });
  });

  it("reads from the container's own /dev/null", async () => {
    const container = await sandbox.run('exec sleep 1000', {
      service: check('test -c /dev/stdin && chmod 600 /dev/stdin && ls -l /dev/null | cut -c1-10'),
    });
    const before = statSync('/dev/null').mode;
    const { health } = await container.reached(({ health }) => health?.status === 'healthy');
    expect(health?.log[0]?.output).toBe('crw-------\n');
    expect(statSync('/dev/null').mode).toBe(before);
    await container.stop({ graceMs: 0 });
  });

  // With the shorter one before it is inside.
  it.each([50_000_000, 1_000_000])('kills a probe that takes too long (%i ns)', async (timeout) => {
    const container = await sandbox.run('exec sleep 1000', {
      service: check('sleep 999', { timeout, retries: 1 }),
    });
    const { health } = await container.reached(({ health }) => health?.status === 'unhealthy');
    expect(health?.log.at(-1)).toMatchObject({ exitCode: -1 });
    expect(health?.log.at(-1)?.output).toContain('exceeded timeout');
    const { procs } = container.computed.monitor.cgroup;
    await until(() => !pidsIn(procs).some((pid) => readCommand(pid).includes('999')), 'the probe to die');
    await container.stop({ graceMs: 0 });
  });

  it('comes at the start interval until the service is healthy, then at the interval', async () => {
    const hour = 3_600_000_000_000;
    const container = await sandbox.run('exec sleep 1000', {
      service: check('test -e /tmp/ready', {
        interval: hour,
        start_period: hour,
        start_interval: 50_000_000,
      }),
    });
    await container.reached(({ health }) => health?.log.at(-1)?.exitCode === 1);
    writeFileSync(`/proc/${container.pid}/root/tmp/ready`, '');
    const { health } = await container.reached(({ health }) => health?.status === 'healthy');
    expect(health?.log.length).toBeGreaterThan(1);
    expect(health?.log.at(-2)).toMatchObject({ exitCode: 1 });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(container.status().health?.log.at(-1)).toEqual(health?.log.at(-1));
    await container.stop({ graceMs: 0 });
  });

  it('does not count failures in the start period', async () => {
    const container = await sandbox.run('exec sleep 1000', {
      service: check('false', { start_period: 60_000_000_000, start_interval: 20_000_000, retries: 1 }),
    });
    const { health } = await container.reached(({ health }) => (health?.log.length ?? 0) >= 3);
    expect(health).toMatchObject({ status: 'starting', failingStreak: 0 });
    await container.stop({ graceMs: 0 });
  });

  it('runs on request, and says why it cannot run', async () => {
    const container = await sandbox.run('exec sleep 1000', {
      service: { healthcheck: { test: ['CMD', 'nothing'], interval: 3_600_000_000_000, retries: 1 } },
    });
    const control = container.control();
    const { message } = await control.request({ op: 'health' });
    expect(message.health).toMatchObject({ status: 'unhealthy', failingStreak: 1 });
    expect(message.health.log[0].exitCode).toBe(127);
    control.close();
    await container.stop({ graceMs: 0 });
  });
});

function pidsIn(directory: string): string[] {
  return readFileSync(`${directory}/cgroup.procs`, 'utf8').split('\n').filter(Boolean);
}

describe('pause', () => {
  it('freezes, refuses exec, and lets stop through', async () => {
    const container = await sandbox.run('trap "exit 3" TERM; while :; do echo tick; sleep 0.01; done');
    const control = container.control();
    await container.logged('tick');
    expect((await control.request({ op: 'pause' })).message).toEqual({ ok: true });
    expect(container.status().state).toBe('paused');
    expect(readFileSync(`/proc/${container.pid}/status`, 'utf8')).toMatch(/^State:\s+[DST]/m);
    const process = { args: ['true'], env: [], cwd: '/', terminal: true, privileged: false };
    expect((await control.request({ op: 'exec', process })).message.error.errno).toBe('ESRCH');
    expect((await control.request({ op: 'unpause' })).message).toEqual({ ok: true });
    expect(container.status().state).toBe('running');
    expect((await control.request({ op: 'pause' })).message).toEqual({ ok: true });
    control.close();
    expect(await container.stop()).toMatchObject({ exitCode: 3 });
  });
});

describe('on_end', () => {
  it('remove leaves nothing of the container', async () => {
    const container = await sandbox.run('mkdir -p /a/b; echo x > /a/b/c; chmod 0 /a; exec sleep 1000', {
      onEnd: 'remove',
    });
    const control = container.control();
    await control.request({ op: 'stop', graceMs: 0 });
    expect(await control.next()).toEqual({ event: 'ended', exitCode: 137 });
    control.close();
    expect(existsSync(container.bundle)).toBe(false);
    expect(existsSync(container.runDir)).toBe(false);
  });
});

describe('memory', () => {
  it('over the limit is recorded as such', async () => {
    const container = await sandbox.run(
      'head -c 100m /dev/zero | tail -c 90m | wc -c; exec tail -c 90m /dev/zero',
      {
        service: { mem_limit: 16 * 1024 * 1024 },
      },
    );
    expect(await container.ended()).toMatchObject({ exitCode: 137, oomKilled: true });
  });
});

/** A server with a client that stays connected until it is stopped. */
async function connectPair() {
  const server = await sandbox.run('echo ready; exec nc -ll -p 80 -e cat');
  const client = await sandbox.run('while ! nc 10.87.0.1 80; do sleep 0.01; done', {
    service: { stdin_open: true },
  });
  await server.logged('ready');
  const inside = (pid: number, ...args: string[]) =>
    execFileSync('nsenter', ['-t', String(pid), '-n', 'ip', ...args]);
  inside(
    server.pid,
    'link',
    'add',
    'wire',
    'type',
    'veth',
    'peer',
    'name',
    'wire',
    'netns',
    String(client.pid),
  );
  for (const [pid, address] of [
    [server.pid, '10.87.0.1/24'],
    [client.pid, '10.87.0.2/24'],
  ] as const) {
    inside(pid, 'address', 'add', address, 'dev', 'wire');
    inside(pid, 'link', 'set', 'wire', 'up');
  }
  const connected = () =>
    execFileSync('nsenter', ['-t', String(server.pid), '-n', 'cat', '/proc/net/tcp', '/proc/net/tcp6'], {
      encoding: 'utf8',
    });
  await until(() => /0100570A:0050 \w*0200570A:\w+ 01 /.test(connected()), 'the connection');
  return { server, client };
}

/**
 * Ends the client's input, and with it the connection in good order. Killed, the client would take its end of the network
 * away, perhaps before the server's last segment has been acknowledged: for minutes nobody would hear of the end.
 */
async function hangUp(client: Container): Promise<void> {
  const control = client.control();
  const { read, write } = native.pipe();
  const reply = await control.request({ op: 'attach', endsInput: true }, [read, write, write]);
  expect(reply.message).toEqual({ ok: true });
  for (const fd of [read, write]) native.close(fd);
  control.close();
  await client.ended();
}

describe('a stop that drains', () => {
  it('lets inbound connections finish before the signal, and not longer than allowed', async () => {
    const { server, client } = await connectPair();
    const control = server.control();
    await control.request({ op: 'stop', graceMs: 0, drainMs: 600_000 });
    const status = server.control();
    expect((await status.request({ op: 'status' })).message.state).toBe('running');
    status.close();
    expect(isAlive(server.pid)).toBe(true);
    await hangUp(client);
    expect(await control.next()).toMatchObject({ event: 'ended' });
    control.close();
  });

  it('can be waited for before it is asked for', async () => {
    const { server, client } = await connectPair();
    const control = server.control();
    const first = await control.request({ op: 'withdraw', drainMs: 600_000 });
    expect(first.message).toEqual({ ok: true });
    const impatient = server.control();
    await impatient.request({ op: 'withdraw', drainMs: 1 });
    expect(await impatient.next()).toEqual({ event: 'drained' });
    impatient.close();
    await hangUp(client);
    expect(await control.next()).toEqual({ event: 'drained' });
    expect(isAlive(server.pid)).toBe(true);
    const stop = server.control();
    await stop.request({ op: 'stop', graceMs: 0, drainMs: 600_000 });
    expect(await stop.next()).toMatchObject({ event: 'ended' });
    for (const open of [control, stop]) open.close();
  });

  it('ends at once where nobody is connected', async () => {
    const container = await sandbox.run('exec nc -ll -p 80 -e cat');
    await container.became('nc');
    const control = container.control();
    await control.request({ op: 'stop', graceMs: 0, drainMs: 600_000 });
    expect(await control.next()).toMatchObject({ event: 'ended', exitCode: 137 });
    control.close();
  });
});

describe('a container with a terminal', () => {
  it('has it as its controlling terminal and console, and logs what it shows', async () => {
    const container = await sandbox.run(
      'tty; test -c /dev/console && echo console; until stty size 2>&1 | grep 30; do sleep 0.01; done; exec sleep 1000',
      { service: { tty: true } },
    );
    const control = container.control();
    expect((await control.request({ op: 'resize', rows: 30, columns: 90 })).message).toEqual({ ok: true });
    control.close();
    await container.logged('30 90');
    expect(container.output('stdout')).toBe('/dev/pts/0\r\nconsole\r\n30 90\r\n');
    await container.stop({ graceMs: 0 });
  });
});

describe('standard descriptors', () => {
  it('can be opened again by the user of the service', async () => {
    const container = await sandbox.run('echo out > /dev/stdout; echo err > /dev/stderr; cat < /dev/stdin', {
      service: { user: 'app' },
    });
    expect(await container.ended()).toMatchObject({ exitCode: 0 });
    expect([container.output('stdout'), container.output('stderr')]).toEqual(['out\n', 'err\n']);
  });

  it('input stays open if asked', async () => {
    const container = await sandbox.run('echo ready; read line; echo not reached', {
      service: { stdin_open: true },
    });
    await container.logged('ready');
    expect(await container.stop({ graceMs: 20 })).toMatchObject({ exitCode: 137 });
    expect(container.output()).toBe('ready\n');
  });
});

describe("a container in the host's pid namespace", () => {
  it('ends with all its processes, and dies with its monitor', async () => {
    const script = 'sleep 1003 & setsid sleep 1004 & until [ -e /tmp/go ]; do sleep 0.01; done';
    const ended = await sandbox.run(script, { service: { pid: 'host' } });
    const { procs } = ended.computed.monitor.cgroup;
    const sleeps = ['1003', '1004'].map((seconds) => ['sleep', seconds, ''].join('\0'));
    const running = () => pidsIn(procs).filter((pid) => sleeps.includes(readCommand(pid)));
    await until(() => running().length === 2, 'its processes');
    const pids = [String(ended.pid), ...running()];
    writeFileSync(`/proc/${ended.pid}/root/tmp/go`, '');
    await ended.ended();
    // A process leaves its cgroup, whose end the monitor has waited for, just before it is dead.
    await until(() => pids.every((pid) => !isAlive(Number(pid))), 'all of them to be dead');

    const orphan = await sandbox.run('exec sleep 1005', { service: { pid: 'host', user: 'app' } });
    process.kill(orphan.monitorPid, 'SIGKILL');
    await until(() => !isAlive(orphan.pid), 'the container to die');
  });
});

describe('the network child', () => {
  it('is started again when it dies, and the status says so', async () => {
    const container = await sandbox.run('exec sleep 1000', {
      monitor: (spec) => ({ ...spec, network: { ...spec.network, dns: { upstreams: [] } } }),
    });
    const child = () => childrenOf(container.monitorPid).find((pid) => nameOf(pid) === 'tcrun-network');
    const first = child();
    expect(first).toBeDefined();
    const reached = container.reached(({ warnings }) => warnings.length > 0);
    process.kill(Number(first), 'SIGKILL');
    expect((await reached).warnings[0]).toContain('network child');
    await until(() => child() !== undefined && child() !== first, 'another network child');
    await container.stop({ graceMs: 0 });
  });

  it('has let go of the published ports when the container has ended, however late the kernel lets it die', async () => {
    const busy = spawn('taskset', ['--cpu-list', '0', 'sh', '-c', 'while :; do :; done']);
    try {
      for (let round = 0; round < 8; round += 1) await publishOnce();
    } finally {
      busy.kill('SIGKILL');
    }
  });

  /** Its network child has the first processor when nobody else wants it. */
  async function publishOnce(): Promise<void> {
    const key = { protocol: 'tcp', address: '127.0.0.1', port: 18_481 } as const;
    const group = join(sandbox.directory, 'run/group');
    const { socket } = native.bindPublished(key);
    const container = await sandbox.run('exec sleep 1000', {
      sockets: [socket],
      network: { ports: [{ ...key, target: 80, targetAddress: '192.0.2.1', group }] },
    });
    native.close(socket);
    const child = childrenOf(container.monitorPid).find((pid) => nameOf(pid) === 'tcrun-network') ?? '';
    execFileSync('taskset', ['--cpu-list', '--pid', '0', child]);
    execFileSync('chrt', ['--idle', '--pid', '0', child]);
    await container.stop({ graceMs: 0 });
  }
});

function childrenOf(pid: number): string[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
}

function nameOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return '';
  }
}
