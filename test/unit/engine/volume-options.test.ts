import { describe, expect, it } from 'vitest';
import {
  blameOption,
  describeVolumeSource,
  findServer,
  withAddress,
} from '../../../src/engine/volume/volume-options.ts';

const describeOptions = (driver_opts: Record<string, string>, driver = 'local') =>
  describeVolumeSource({ name: 'v', driver, driver_opts });

describe('driver_opts', () => {
  it('say what is bound or mounted instead of the own directory of the volume', () => {
    expect(describeOptions({})).toEqual({});
    expect(describeOptions({ type: 'none', o: 'bind', device: '/x' })).toEqual({ source: '/x' });
    expect(describeOptions({ o: 'rbind,ro', device: '/x' })).toEqual({ source: '/x', readOnly: true });
    expect(describeOptions({ type: 'tmpfs', device: 'tmpfs', o: 'size=1m,nosuid,ro,rw,uid=7' })).toEqual({
      mount: { type: 'tmpfs', device: 'tmpfs', flags: 2, data: 'size=1m,uid=7' },
    });
  });

  it.each([
    [{ type: 'tmpfs' }, /driver_opts.device is missing/],
    [{ device: '/dev/sda1' }, /driver_opts.type is missing/],
    [{ type: 'none', device: '/x' }, /driver_opts.type: "none" without o: bind/],
    [{ type: 'nfs', device: '/x', o: 'bind' }, /driver_opts.type: "nfs" with o: bind/],
    [{ type: 'none', device: 'x', o: 'bind' }, /driver_opts.device: "x" is not an absolute path/],
    [{ type: 'none', device: '/x', o: 'bind,nosuid' }, /driver_opts.o: "nosuid"/],
    [{ type: 'ext4', device: '/x', o: 'remount' }, /driver_opts.o: "remount"/],
    [{ size: '1g' }, /driver_opts.size: quotas/],
    [{ colour: 'red' }, /driver_opts.colour is not an option/],
  ])('%j is refused by name', (options, message) => {
    expect(() => describeOptions(options as Record<string, string>)).toThrow(message);
  });

  it('take no other driver', () => {
    expect(() => describeOptions({}, 'rexray')).toThrow(/driver "rexray"/);
  });
});

describe('the server of a network file system', () => {
  const mount = (type: string, device: string, data = '') => ({ type, device, flags: 0, data });

  it('is named by the options, or by the device', () => {
    expect(findServer(mount('nfs', ':/a', 'addr=nas,vers=4'))).toBe('nas');
    expect(findServer(mount('nfs4', 'nas:/a'))).toBe('nas');
    expect(findServer(mount('nfs', '[fe80::1]:/a'))).toBe('fe80::1');
    expect(findServer(mount('cifs', '//nas/share'))).toBe('nas');
    expect(findServer(mount('ext4', '/dev/sda1'))).toBeUndefined();
  });

  it('is given to the kernel as an address', () => {
    expect(withAddress(mount('nfs', ':/a', 'addr=nas,vers=4'), '10.0.0.1').data).toBe('vers=4,addr=10.0.0.1');
    expect(withAddress(mount('cifs', '//nas/share'), '10.0.0.1').data).toBe('ip=10.0.0.1');
  });
});

it('a mount that fails names the option', () => {
  const mount = { type: 'ext9', device: '/dev/x', flags: 0, data: 'a=b' };
  expect(blameOption('ENODEV', mount)).toMatch(/driver_opts.type.*"ext9"/);
  expect(blameOption('EINVAL', mount)).toMatch(/driver_opts.o: .*"a=b"/);
  expect(blameOption('ENOENT', mount)).toMatch(/driver_opts.device: \/dev\/x/);
});
