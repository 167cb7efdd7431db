import { describe, expect, it } from 'vitest';

import {
  type DeviceNode,
  type DevicePort,
  type DeviceWish,
  observeDevices,
  parseDeviceRule,
  resolveDeviceRules,
  splitDeviceNumber,
} from '../../../src/runtime/devices.ts';

const node = (type: 'b' | 'c', major: number, minor: number): DeviceNode => ({
  type,
  major,
  minor,
  fileMode: 0o660,
  uid: 0,
  gid: 44,
});

const tree: Readonly<Record<string, DeviceNode | 'directory' | 'other'>> = {
  '/dev/fuse': node('c', 10, 229),
  '/dev/console': node('c', 5, 1),
  '/dev/pts': 'directory',
  '/dev/pts/0': node('c', 136, 0),
  '/dev/snd': 'directory',
  '/dev/snd/seq': node('c', 116, 1),
  '/dev/snd/by-path': 'directory',
  '/dev/snd/by-path/x': node('c', 116, 2),
  '/dev/log': 'other',
  '/dev/empty': 'directory',
};
const port: DevicePort = {
  find: (path) => tree[path],
  list: (directory) =>
    Object.keys(tree)
      .filter((path) => path.slice(0, path.lastIndexOf('/')) === directory)
      .map((path) => path.slice(directory.length + 1)),
};
const observe = (service: Omit<DeviceWish, 'name'>) =>
  observeDevices({ name: 'web', ...service }, port).map(({ path, access }) => `${path} ${access}`);

describe('observeDevices', () => {
  it('finds a device, where and how it is wanted', () => {
    expect(observe({ devices: [{ source: '/dev/fuse' }] })).toEqual(['/dev/fuse rwm']);
    expect(observe({ devices: [{ source: '/dev/fuse', target: '/dev/f', permissions: 'r' }] })).toEqual([
      '/dev/f r',
    ]);
  });

  it('takes all that is below a directory', () => {
    expect(observe({ devices: [{ source: '/dev/snd', target: '/dev/sound' }] })).toEqual([
      '/dev/sound/seq rwm',
      '/dev/sound/by-path/x rwm',
    ]);
  });

  it('gives a privileged service everything but what each container has of its own', () => {
    expect(observe({ privileged: true })).toEqual([
      '/dev/fuse rwm',
      '/dev/snd/seq rwm',
      '/dev/snd/by-path/x rwm',
    ]);
  });

  it.each([
    ['/dev/nothing', 'service "web": /dev/nothing does not exist on this host'],
    ['/dev/log', 'service "web": /dev/log is not a device'],
    ['/dev/empty', 'service "web": /dev/empty is not a device'],
  ])('refuses %s', (source, message) => {
    expect(() => observe({ devices: [{ source }] })).toThrowError(message);
  });

  it('gives none unasked', () => {
    expect(observe({})).toEqual([]);
  });
});

it.each([
  [0x103n, 1, 3],
  [0x8800n, 136, 0],
  // 20 bits of minor number: the upper twelve lie above the major.
  [0x1234_508_67n, 0x508, 0x12_3467],
])('splitDeviceNumber(%d)', (device, major, minor) => {
  expect(splitDeviceNumber(device)).toEqual({ major, minor });
});

describe('parseDeviceRule', () => {
  it.each([
    ['c 1:3 mr', [{ type: 'c', major: 1, minor: 3, access: 'mr' }]],
    ['b 8:* rwm', [{ type: 'b', major: 8, access: 'rwm' }]],
    [
      'a 7:1 r',
      [
        { type: 'c', major: 7, minor: 1, access: 'r' },
        { type: 'b', major: 7, minor: 1, access: 'r' },
      ],
    ],
  ])('%s', (text, rules) => {
    expect(parseDeviceRule(text)).toEqual(rules);
  });

  it.each([
    '',
    'c',
    'c 1:3',
    'd 1:3 r',
    'c 1 r',
    'c 1:3 x',
    'c 1:3 rr',
    'c 1:3 rwmr',
    ' c 1:3 r',
    'c -1:3 r',
  ])('refuses %j', (text) => {
    expect(parseDeviceRule(text)).toBeUndefined();
  });
});

it('resolveDeviceRules opens what was asked beside what every container has', () => {
  const device = { ...node('c', 10, 229), path: '/dev/fuse', access: 'rw' };
  const rules = resolveDeviceRules({ device_cgroup_rules: ['b 7:* rwm'] }, [device]);
  expect(rules.slice(-2)).toEqual([
    { type: 'c', major: 10, minor: 229, access: 'rw' },
    { type: 'b', major: 7, access: 'rwm' },
  ]);
  expect(rules.length).toBeGreaterThan(10);
});
