// Every newer kernel interface has a fallback for older kernels; each is forced here and must make the same container.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { native, Sandbox, type Start } from './sandbox.ts';

let sandbox: Sandbox;
beforeAll(() => {
  sandbox = new Sandbox();
});
afterEach(() => {
  delete process.env['TCOMPOSE_DISABLE'];
});
afterAll(() => sandbox.dispose());

const FEATURES = ['lowerdir+', 'mount-api', 'clone-into-cgroup', 'seal-by-mount', 'setns-pidfd'];

async function inside(script: string, start: Start = {}): Promise<string> {
  const container = await sandbox.run(script, start);
  await container.ended();
  return container.output().trim();
}

/** Mounts without what differs from run to run: ids, device numbers, order, where the layers are. */
function normalize(mountinfo: string): string[] {
  return mountinfo
    .split('\n')
    .map((line) => line.split(' ').slice(3).join(' '))
    .map((line) =>
      line
        .replace(/(lowerdir\+?|upperdir|workdir)=[^, ]*(?=[, ]|$)/g, '$1')
        .replace(/lowerdir\+/g, 'lowerdir'),
    )
    .map((line) => line.replaceAll(/[0-9a-f]{64}/g, 'ID'))
    .map((line) =>
      line.replace(/(lowerdir,?)+/, 'lowerdir,').replace(/,redirect_dir=\w+|,uuid=\w+|,xino=\w+/g, ''),
    )
    .sort();
}

function start(): Start {
  const volume = join(sandbox.directory, 'volume');
  mkdirSync(volume, { recursive: true });
  writeFileSync(join(volume, 'file'), 'of the volume\n');
  return {
    binds: [
      { source: volume, target: '/data', readOnly: true },
      { source: join(volume, 'file'), target: '/etc/one', readOnly: false },
    ],
    service: { tmpfs: ['/tmp:size=1m,mode=1770'], read_only: true, init: true, user: 'app' },
  };
}

const SCRIPT = `cat /proc/self/mountinfo; cat /data/file /etc/one; (echo x > /data/file) 2>&1; (echo x > /x) 2>&1
  cat /proc/kcore /proc/keys 2>/dev/null | wc -c; id; cat /proc/self/cgroup; pwd`;

describe('newer kernel interfaces', () => {
  it('are used where they are, and are not where they are disabled', async () => {
    const [major = 0, minor = 0] = release().split('.').map(Number);
    const isNew = major > 6 || (major === 6 && minor >= 8);
    const expected = isNew ? `lowerdir+=${sandbox.image}` : 'lowerdir=';
    expect(await inside('grep " / / " /proc/self/mountinfo')).toContain(expected);
    process.env['TCOMPOSE_DISABLE'] = 'lowerdir+';
    expect(await inside('grep " / / " /proc/self/mountinfo')).toMatch(/lowerdir=\d+,/);
  });
});

describe.each([...FEATURES.map((name) => [name]), FEATURES])('without %s', (...disabled: string[]) => {
  it('a container looks the same', async () => {
    const usual = normalize(await inside(SCRIPT, start()));
    process.env['TCOMPOSE_DISABLE'] = disabled.join(',');
    expect(normalize(await inside(SCRIPT, start()))).toEqual(usual);
    expect(usual.length).toBeGreaterThan(20);
  });

  it('exec enters it', async () => {
    process.env['TCOMPOSE_DISABLE'] = disabled.join(',');
    const container = await sandbox.run('exec sleep 1000');
    const control = container.control();
    const { read, write } = native.pipe();
    const process_ = {
      args: ['sh', '-c', 'readlink /proc/self/ns/*; hostname'],
      env: ['PATH=/bin'],
      cwd: '/',
      terminal: false,
    };
    await control.request({ op: 'exec', process: process_ }, [read, write, write]);
    expect(await control.next()).toMatchObject({ exitCode: 0 });
    control.close();
    native.close(write);
    const seen = readFileSync(`/proc/self/fd/${read}`, 'utf8').split('\n');
    native.close(read);
    expect(seen).toContain(container.computed.hostname);
    await container.stop({ graceMs: 0 });
  });

  it('many layers are one root', async () => {
    process.env['TCOMPOSE_DISABLE'] = disabled.join(',');
    const layers = Array.from({ length: 200 }, (_, i) => {
      const layer = join(
        sandbox.directory,
        `layers-${disabled.length}-${disabled[0]}`,
        `sha256-${'0'.repeat(50)}${i}`,
      );
      mkdirSync(layer, { recursive: true });
      writeFileSync(join(layer, `from-${i}`), '');
      writeFileSync(join(layer, 'top'), String(i));
      return layer;
    });
    expect(await inside('ls / | grep -c from-; cat /top', { layers: [...layers, sandbox.image] })).toBe(
      '200\n0',
    );
  });
});
