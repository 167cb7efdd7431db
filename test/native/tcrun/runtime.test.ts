// Another OCI runtime, at its worst: slow, silent, gone; and where the kernel lacks what the stage is made with.

import { existsSync, mkdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { OciRuntime } from '../../../src/runtime/oci-runtime.ts';
import { Sandbox, type Start } from './sandbox.ts';

const RUNC = '/usr/sbin/runc';
const hasRunc = existsSync(RUNC);
const runc: OciRuntime = { name: 'runc', path: RUNC, arguments: [] };

let sandbox: Sandbox;
beforeAll(() => {
  sandbox = new Sandbox();
});
afterEach(() => {
  delete process.env['TCOMPOSE_DISABLE'];
});
afterAll(() => sandbox.dispose());

/** A runtime that is a shell script. Its verb is the first word that is one. */
function script(name: string, text: string): OciRuntime {
  const path = join(sandbox.directory, name);
  const verb = 'for verb; do case $verb in create|start|delete|exec|kill) break;; esac; done';
  writeFileSync(path, `#!/bin/sh\n${verb}\n${text}\n`, { mode: 0o755 });
  return { name, path, arguments: [] };
}

const start = async (runtime: OciRuntime, more: Start = {}) => {
  const container = sandbox.prepare('echo ran', { runtime, ...more });
  const failure = await container.start().then(
    () => undefined,
    (error: Error) => error,
  );
  return { container, failure };
};

describe('a runtime that fails', () => {
  it.each([
    [
      'in its log',
      'echo \'{"level":"error","msg":"no more of this","time":"x"}\' >> log; exit 1',
      'no more of this',
    ],
    ['on standard error', 'echo one >&2; echo "unknown flag: --log" >&2; exit 1', 'unknown flag: --log'],
    ['by making nothing', 'exit 0', 'it did not say which process it made'],
  ])('is quoted: what it says %s', async (_, text, said) => {
    const runtime = script('failing', text);
    const { container, failure } = await start(runtime);
    expect(failure).toMatchObject({ step: 'runtime', exitCode: 125 });
    expect(failure?.message).toContain(said);
    expect(container.last()).toMatchObject({ state: 'exited', exitCode: 125 });
    expect(container.last().error).toContain(said);
  });

  it('is named when it is gone, or is no program', async () => {
    const gone = { name: 'gone', path: join(sandbox.directory, 'gone'), arguments: [] };
    const { failure } = await start(gone);
    expect(failure).toMatchObject({ step: 'runtime', path: gone.path, exitCode: 125 });
    expect(failure?.message).toContain('No such file');
  });

  it('is killed when it does not end', async () => {
    const runtime = script('hanging', 'exec sleep 3600');
    const { failure } = await start(runtime, {
      monitor: (spec) => ({ ...spec, runtime: { ...spec.runtime, timeoutMs: 1000 } }),
    });
    expect(failure?.message).toContain('create: it did not end within 1 s');
  });

  it.skipIf(!hasRunc)('after the container was made: nothing of that stays', async () => {
    const runtime = script(
      'halting',
      `[ $verb = start ] && { echo "not today" >&2; exit 1; }; exec ${RUNC} "$@"`,
    );
    const { container, failure } = await start(runtime);
    expect(failure?.message).toContain('not today');
    const left = container.computed.monitor.cgroup.directories.filter((path) => path.includes(container.id));
    expect(left.filter(existsSync)).toEqual([]);
    expect(sandbox.mounts()).toEqual([]);
  });
});

describe.skipIf(!hasRunc)(hasRunc ? 'runc' : `runc (skipped: ${RUNC} is not installed)`, () => {
  const SCRIPT = `cat /data/inner /assets/shown /etc/one; (echo x > /assets/shown) 2>&1; (echo x > /data/inner) 2>&1
    (echo x > /data/deep/file) 2>&1; id -u; cat /proc/1/comm; umask; exit 4`;

  /** A part of a volume with a mount below it, an image of two layers, a file. */
  function sources(): Start {
    const at = (...path: string[]) => join(sandbox.directory, ...path);
    for (const path of ['volume/part', 'one/dist', 'two/dist']) mkdirSync(at(path), { recursive: true });
    writeFileSync(at('volume/part/inner'), 'inner\n');
    writeFileSync(at('two/dist/shown'), 'shown\n');
    writeFileSync(at('single'), 'single\n');
    return {
      runtime: runc,
      binds: [
        { source: at('volume'), target: '/data', readOnly: true, subpath: 'part' },
        { source: at('single'), target: '/etc/one', readOnly: false },
      ],
      imageVolumes: [{ target: '/assets', layers: [at('one'), at('two')], subpath: 'dist' }],
      service: { user: 'app' },
    };
  }

  async function inside(more: Start): Promise<string> {
    const container = await sandbox.run(SCRIPT, more);
    expect((await container.ended()).exitCode).toBe(4);
    return container.output();
  }

  it('gets parts of volumes and images as tcrun has them', async () => {
    const { runtime: _, ...own } = sources();
    const seen = await inside(sources());
    expect(seen).toBe(await inside(own));
    expect(seen).toContain('inner\nshown\nsingle\n');
    expect(seen.match(/Read-only file system/g)).toHaveLength(2);
  });

  it.each(['lowerdir+', 'mount-api', 'clone-into-cgroup', 'seal-by-mount', 'setns-pidfd'])(
    'and where the kernel lacks %s',
    async (feature) => {
      const seen = await inside(sources());
      process.env['TCOMPOSE_DISABLE'] = feature;
      expect(await inside(sources())).toBe(seen);
    },
  );

  it('stands in a network namespace that outlives it, in cgroups that its restart makes anew', async () => {
    const container = await sandbox.run('exec sleep 650', { runtime: runc, service: { pids_limit: 55 } });
    const network = readlinkSync(`/proc/${container.pid}/ns/net`);
    expect(network).not.toBe(readlinkSync('/proc/self/ns/net'));
    const control = container.control();
    await control.request({ op: 'restart', graceMs: 0 });
    const { pid } = (await control.next()) as { pid: number };
    control.close();
    expect(readlinkSync(`/proc/${pid}/ns/net`)).toBe(network);
    const limited = container.computed.monitor.cgroup.directories.filter((path) =>
      path.endsWith(container.id),
    );
    expect(limited.filter(existsSync)).toEqual(limited);
    await container.stop({ graceMs: 0 });
    expect(limited.filter(existsSync)).toEqual([]);
  });

  it('lends its namespaces only if somebody else could enter them', async () => {
    const opaque = script('opaque', `exec ${RUNC} "$@"`);
    for (const [runtime, answer] of [
      [runc, { ok: true }],
      [opaque, { error: { errno: 'EOPNOTSUPP' } }],
    ] as const) {
      const container = await sandbox.run('exec sleep 651', { runtime });
      const control = container.control();
      expect((await control.request({ op: 'namespace', type: 'ipc' })).message).toMatchObject(answer);
      control.close();
      await container.stop({ graceMs: 0 });
    }
  });
});
