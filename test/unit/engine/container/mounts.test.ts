import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { planSecrets } from '../../../../src/engine/container/file-objects.ts';
import { type MountSource, planMounts } from '../../../../src/engine/container/mount-plan.ts';
import { createBindSource, resolveBind, writeContentFile } from '../../../../src/engine/container/mounts.ts';
import { listShared, recordMount } from '../../../../src/engine/container/recorded-mounts.ts';
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
    images: new Map(),
    shared: [],
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

describe('volumes_from', () => {
  const bind = (source: string, target: string, more = {}) => ({ type: 'bind', source, target, ...more });
  const record = (service: Partial<ServiceConfig>, configs: MountSource['configs'] = {}) => {
    const mounts = plan(service, { configs });
    const anonymous = mounts.flatMap((mount) =>
      mount.type === 'volume' && mount.anonymous ? [[mount.bind.target, mount.volume]] : [],
    );
    const anonymousVolumes = Object.fromEntries(anonymous) as Record<string, string>;
    return { mounts: mounts.map(recordMount), anonymousVolumes } as unknown as Parameters<
      typeof listShared
    >[0]['record'];
  };
  const shared = (service: Partial<ServiceConfig>, readOnly = false) =>
    listShared({ record: record(service), isService: true, readOnly });

  it('brings volumes and binds with their options, and no config', () => {
    const volumes = [
      bind('/x', '/a', { bind: { propagation: 'rslave' } }),
      { type: 'volume', source: 'data', target: '/b', read_only: true, volume: { subpath: 's' } },
      { type: 'volume', target: '/c' },
      { type: 'tmpfs', target: '/d' },
    ] as unknown as ServiceConfig['volumes'];
    expect(shared({ volumes })).toMatchObject([
      { type: 'bind', source: '/x', bind: { target: '/a', readOnly: false, propagation: 'rslave' } },
      { volume: 'p_data', anonymous: false, subpath: 's', copyUp: false, bind: { readOnly: true } },
      { anonymous: true, bind: { target: '/c' } },
    ]);
    expect(shared({ volumes }, true).every((mount) => mount.bind.readOnly)).toBe(true);
    const files = record({ configs: [{ source: 'c' }] }, { c: { name: 'c', file: '/host/c' } });
    expect(listShared({ record: files, isService: true, readOnly: false })).toEqual([]);
  });

  it('gives way to the mounts of the service, a later source goes before an earlier one', () => {
    const first = shared({ volumes: [bind('/1', '/a'), bind('/1', '/b')] as ServiceConfig['volumes'] });
    const second = shared({ volumes: [bind('/2', '/b')] as ServiceConfig['volumes'] });
    const own = { volumes: [bind('/own', '/a')] } as unknown as ServiceConfig;
    const image = { Volumes: { '/b': {} } };
    expect(plan(own, { shared: [...first, ...second], image })).toMatchObject([
      { source: '/own', bind: { target: '/a' } },
      { source: '/2', bind: { target: '/b' } },
    ]);
  });
});

describe('configs and secrets', () => {
  const files = {
    configs: { c: { name: 'c', file: '/host/c' } },
    secrets: { s: { name: 's', content: 'x' }, f: { name: 'f', file: '/host/f' } },
  };
  const secretsOf = (secrets: ServiceConfig['secrets']) =>
    planSecrets({ service: { name: 'web', volumes: [], secrets } as unknown as ServiceConfig, ...files });

  it('that are plain files are bound as they are', () => {
    expect(plan({ configs: [{ source: 'c' }], secrets: [{ source: 'f' }] }, files)).toEqual([
      { type: 'file-object', source: '/host/c', bind: { target: '/c', readOnly: true } },
      { type: 'file-object', source: '/host/f', bind: { target: '/run/secrets/f', readOnly: true } },
    ]);
    expect(secretsOf([{ source: 'f' }])).toEqual([]);
  });

  it('with an owner or a mode: a config becomes a file of the container, a secret no file of the host', () => {
    expect(plan({ configs: [{ source: 'c', target: '/etc/c', mode: 0o400 }] }, files)).toMatchObject([
      { file: { object: { file: '/host/c' }, uid: 0, mode: 0o400 }, bind: { target: '/etc/c' } },
    ]);
    const secrets = [
      { source: 's', uid: '7' },
      { source: 'f', mode: 0o400, target: 'name' },
    ];
    expect(plan({ secrets }, files)).toEqual([]);
    const [text, file] = secretsOf(secrets);
    expect(text).toEqual({ key: 's', name: 's', target: '/run/secrets/s', uid: 7, gid: 0, mode: 0o444 });
    expect(file).toMatchObject({ file: '/host/f', target: '/run/secrets/name', mode: 0o400 });
    expect(() => secretsOf([{ source: 's', uid: 'root' }])).toThrow(/numeric/);
    expect(() => secretsOf([{ source: 'none' }])).toThrow(/"none" is not declared/);
  });

  it('have the mode asked for, whatever the umask', () => {
    const before = process.umask(0o077);
    try {
      const path = join(directory, 'file');
      writeContentFile(path, { name: 'file', object: { name: 'c' }, uid: 0, gid: 0, mode: 0o444 }, 'text');
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
    );

  it('lies inside the volume, links included', () => {
    const data = join(directory, 'volumes/v/_data');
    mkdirSync(join(data, 'a/b'), { recursive: true });
    symlinkSync('/etc', join(data, 'out'));
    symlinkSync('a', join(data, 'in'));
    // Found at the start, inside of the volume: a link that changes until then leads nowhere else.
    expect(resolve('a/b')).toMatchObject({ source: data, subpath: 'a/b' });
    expect(resolve('in/b')).toMatchObject({ source: data, subpath: 'in/b' });
    expect(() => resolve('out')).toThrow(/leads out/);
    expect(() => resolve('../..')).toThrow(/leads out/);
    expect(() => resolve('nothing')).toThrow(/no "nothing"/);
  });
});
