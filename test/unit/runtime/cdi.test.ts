import { describe, expect, it } from 'vitest';
import {
  type CdiSpec,
  explainRequest,
  isCdiName,
  listCdiNames,
  resolveCdi,
} from '../../../src/runtime/cdi.ts';
import type { DevicePort } from '../../../src/runtime/devices.ts';

const host: DevicePort = {
  find: (path) =>
    path.startsWith('/dev/nvidia')
      ? { type: 'c', major: 195, minor: Number(path.at(-1)) || 0, fileMode: 0o666, uid: 0, gid: 44 }
      : undefined,
  list: () => [],
};

const spec: CdiSpec = {
  file: '/etc/cdi/nvidia.yaml',
  kind: 'nvidia.com/gpu',
  containerEdits: {
    env: ['NVIDIA_VISIBLE_DEVICES=void'],
    mounts: [{ hostPath: '/usr/lib/libcuda.so.1', containerPath: '/usr/lib/libcuda.so.1' }],
  },
  devices: [
    { name: '0', containerEdits: { deviceNodes: [{ path: '/dev/nvidia0' }], additionalGids: [44, 0] } },
    {
      name: '1',
      containerEdits: {
        deviceNodes: [
          { path: '/dev/gpu', hostPath: '/dev/nvidia1', permissions: 'rw', uid: 7, fileMode: 0o600 },
        ],
      },
    },
    { name: 'all', containerEdits: { deviceNodes: [{ path: '/dev/nvidia0' }, { path: '/dev/nvidia1' }] } },
    {
      name: 'hooked',
      containerEdits: { hooks: [{ hookName: 'createContainer', path: '/usr/bin/nvidia-ctk' }] },
    },
    { name: 'gone', containerEdits: { deviceNodes: [{ path: '/dev/other' }] } },
  ],
};

const gpu = { capabilities: ['gpu'] };

it.each([
  ['nvidia.com/gpu=0', true],
  ['vendor.com/class=some-name:1', true],
  ['/dev/null', false],
  ['/dev/disk=1', false],
  ['gpu=0', false],
])('%s is a CDI device: %s', (text, expected) => {
  expect(isCdiName(text)).toBe(expected);
});

describe('the devices that a service asks for', () => {
  it.each([
    [{ gpus: [{ ...gpu, count: -1 }] }, ['nvidia.com/gpu=all']],
    [{ gpus: [{ ...gpu, driver: 'nvidia', count: 2 }] }, ['nvidia.com/gpu=0', 'nvidia.com/gpu=1']],
    [{ gpus: [{ ...gpu, device_ids: ['GPU-1a'] }] }, ['nvidia.com/gpu=GPU-1a']],
    [{ devices: [{ source: '/dev/null' }, { source: 'a.com/b=c' }] }, ['a.com/b=c']],
    [
      {
        deploy: { resources: { reservations: { devices: [{ driver: 'cdi', device_ids: ['a.com/b=c'] }] } } },
      },
      ['a.com/b=c'],
    ],
    [{ gpus: [{ ...gpu, count: 1 }], devices: [{ source: 'nvidia.com/gpu=0' }] }, ['nvidia.com/gpu=0']],
  ])('%j', (service, names) => {
    expect(listCdiNames({ name: 'web', ...service })).toEqual(names);
  });

  it.each([
    [{ ...gpu }, undefined],
    [{ driver: 'nvidia' }, undefined],
    [{ driver: 'cdi', device_ids: ['a.com/b=c'] }, undefined],
    [{ driver: 'cdi' }, 'names no device'],
    [{ driver: 'cdi', device_ids: ['0'] }, '"0" is not the name'],
    [{ driver: 'tpu' }, 'the driver "tpu" is not known'],
    [{ capabilities: ['tpu'] }, 'names no capability'],
  ])('%j', (request, reason) => {
    if (reason === undefined) expect(explainRequest(request)).toBeUndefined();
    else expect(explainRequest(request)).toContain(reason);
  });
});

describe('resolveCdi', () => {
  const resolve = (...names: string[]) =>
    resolveCdi({ name: 'web', devices: names.map((source) => ({ source })) }, [spec], host);

  it('gives what the device and its kind need, once', () => {
    expect(resolve('nvidia.com/gpu=0', 'nvidia.com/gpu=1')).toEqual({
      devices: [
        {
          path: '/dev/nvidia0',
          type: 'c',
          major: 195,
          minor: 0,
          fileMode: 0o666,
          uid: 0,
          gid: 44,
          access: 'rwm',
        },
        { path: '/dev/gpu', type: 'c', major: 195, minor: 1, fileMode: 0o600, uid: 7, gid: 44, access: 'rw' },
      ],
      mounts: [
        {
          destination: '/usr/lib/libcuda.so.1',
          type: 'bind',
          source: '/usr/lib/libcuda.so.1',
          options: ['rbind', 'rprivate', 'ro', 'nosuid', 'nodev'],
        },
      ],
      env: ['NVIDIA_VISIBLE_DEVICES=void'],
      gids: [44],
    });
  });

  it('lets the later specification win', () => {
    const later = { ...spec, file: '/var/run/cdi/x.json', devices: [{ name: '0' }] };
    const service = { name: 'web', devices: [{ source: 'nvidia.com/gpu=0' }] };
    expect(resolveCdi(service, [spec, later], host).devices).toEqual([]);
  });

  it.each([
    ['nvidia.com/gpu=7', 'this host has no device nvidia.com/gpu=7'],
    ['amd.com/gpu=0', 'this host has no CDI specification of amd.com/gpu'],
    ['nvidia.com/gpu=hooked', 'wants the program /usr/bin/nvidia-ctk of the host to be run'],
    ['nvidia.com/gpu=gone', '/dev/other is not a device of this host'],
  ])('refuses %s', (name, message) => {
    expect(() => resolve(name)).toThrow(message);
  });
});
