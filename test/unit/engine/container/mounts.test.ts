import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createBindSource,
  type MountSource,
  planMounts,
  resolveBind,
  writeContentFile,
} from '../../../../src/engine/container/mounts.ts';
import { createPaths } from '../../../../src/engine/instance/paths.ts';
import type { ServiceConfig } from '../../../../src/project/service-config.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tcompose-mounts-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const plan = (service: Partial<ServiceConfig>, more: Partial<MountSource> = {}) =>
  planMounts({
    service: { name: 'web', volumes: [], ...service } as ServiceConfig,
    image: {},
    volumes: { data: 'p_data' },
    configs: {},
    secrets: {},
    inherited: {},
    ...more,
  });

describe('volumes', () => {
  it('are named as the model has it, and copied up unless the mount says otherwise', () => {
    const volumes = [
      { type: 'volume', source: 'data', target: '/a' },
      { type: 'volume', source: 'data', target: '/b', read_only: true, volume: { nocopy: true } },
    ] as const;
    expect(plan({ volumes })).toMatchObject([
      { volume: 'p_data', anonymous: false, copyUp: true, bind: { target: '/a', readOnly: false } },
      { volume: 'p_data', anonymous: false, copyUp: false, bind: { target: '/b', readOnly: true } },
    ]);
    expect(() => plan({ volumes: [{ type: 'volume', source: 'other', target: '/a' }] })).toThrow(
      /not declared/,
    );
  });

  it('that are anonymous are inherited by target, or new', () => {
    const volumes = [{ type: 'volume', target: '/a' }] as const;
    expect(plan({ volumes }, { inherited: { '/a': 'old' } })).toMatchObject([
      { volume: 'old', anonymous: true },
    ]);
    expect(plan({ volumes })[0]).toMatchObject({ volume: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });

  it('of the image are made where the service mounts nothing', () => {
    const image = { Volumes: { '/a/': {}, '/b': {}, '/c': {} } };
    const service = {
      volumes: [{ type: 'bind', source: '/x', target: '/b' }],
      tmpfs: ['/c:size=1m'],
    } as unknown as ServiceConfig;
    const targets = plan(service, { image }).map((mount) => mount.bind.target);
    expect(targets).toEqual(['/b', '/a']);
  });
});

describe('configs and secrets', () => {
  const files = {
    configs: { c: { name: 'c', file: '/host/c' } },
    secrets: { s: { name: 's', content: 'x' } },
  };

  it('that are plain files are bound as they are', () => {
    expect(plan({ configs: [{ source: 'c' }] }, files)).toEqual([
      { type: 'bind', source: '/host/c', createSource: false, bind: { target: '/c', readOnly: true } },
    ]);
  });

  it('with an owner, a mode or content become a file of the container', () => {
    expect(plan({ configs: [{ source: 'c', target: '/etc/c', mode: 0o400 }] }, files)).toMatchObject([
      { file: { from: { file: '/host/c' }, uid: 0, mode: 0o400 }, bind: { target: '/etc/c' } },
    ]);
    expect(plan({ secrets: [{ source: 's', uid: '7' }] }, files)).toMatchObject([
      { file: { from: { content: 'x' }, uid: 7, mode: 0o444 }, bind: { target: '/run/secrets/s' } },
    ]);
    expect(() => plan({ secrets: [{ source: 's', uid: 'root' }] }, files)).toThrow(/numeric/);
    expect(() => plan({ secrets: [{ source: 'none' }] }, files)).toThrow(/"none" is not declared/);
  });

  it('have the mode asked for, whatever the umask', () => {
    const before = process.umask(0o077);
    try {
      const path = join(directory, 'file');
      writeContentFile(path, { name: 'file', from: { content: '' }, uid: 0, gid: 0, mode: 0o444 }, 'text');
      expect(statSync(path).mode & 0o777).toBe(0o444);
    } finally {
      process.umask(before);
    }
  });
});

describe('a bind', () => {
  const bind = (source: string, createSource: boolean) =>
    ({ type: 'bind', source, createSource, bind: { target: '/x', readOnly: false } }) as const;

  it('makes its source where it may', () => {
    createBindSource(bind(join(directory, 'a/b'), true), 'web');
    expect(statSync(join(directory, 'a/b')).isDirectory()).toBe(true);
    expect(() => createBindSource(bind(join(directory, 'c'), false), 'web')).toThrow(/does not exist/);
  });
});

describe('a subpath', () => {
  const paths = () => createPaths(directory, join(directory, 'run'));
  const resolve = (subpath: string) =>
    resolveBind(
      paths(),
      '/bundle',
      {
        type: 'volume',
        volume: 'v',
        anonymous: false,
        labels: {},
        subpath,
        copyUp: false,
        bind: { target: '/x', readOnly: false },
      },
      'web',
    ).source;

  it('lies inside the volume, links included', () => {
    const data = join(directory, 'volumes/v/_data');
    mkdirSync(join(data, 'a/b'), { recursive: true });
    symlinkSync('/etc', join(data, 'out'));
    symlinkSync('a', join(data, 'in'));
    expect(resolve('a/b')).toBe(join(data, 'a/b'));
    expect(resolve('in/b')).toBe(join(data, 'a/b'));
    expect(() => resolve('out')).toThrow(/leads out/);
    expect(() => resolve('../..')).toThrow(/leads out/);
    expect(() => resolve('nothing')).toThrow(/no "nothing"/);
  });
});
