import { describe, expect, it } from 'vitest';
import {
  computeHostEntries,
  computeHostImageId,
  computeHostMounts,
} from '../../../src/image/host-entries.ts';
import type { HostSystem } from '../../../src/image/host-system.ts';

const merged: HostSystem = {
  links: { '/bin': 'usr/bin', '/sbin': 'usr/sbin', '/lib': 'usr/lib' },
  directories: ['/usr/bin', '/usr/lib', '/usr/sbin', '/usr/share', '/usr/local/bin'],
  files: {
    '/etc/ld.so.cache': Buffer.from('cache'),
    '/etc/ssl/certs/ca-certificates.crt': Buffer.from('certs'),
  },
  alternatives: { awk: '/usr/bin/mawk' },
  node: { path: '/usr/bin/node', version: 'v20.1.0' },
};
const entries = computeHostEntries(merged);
const find = (path: string) => entries.find((entry) => entry.path === path);

describe('computeHostEntries', () => {
  it('puts parents before children and nothing twice', () => {
    const paths = entries.map(({ path }) => path);
    expect(new Set(paths).size).toBe(paths.length);
    for (const path of paths) {
      const parent = path.slice(0, path.lastIndexOf('/'));
      if (parent) expect(paths.indexOf(parent), path).toBeLessThan(paths.indexOf(path));
      if (parent) expect(paths).toContain(parent);
    }
  });

  it('makes /etc from nothing but public facts', () => {
    expect(find('/etc/passwd')?.content).toMatch(/^root:x:0:0:.*\napp:x:1000:1000:.*\nnobody:x:65534:65534:/);
    expect(find('/etc/group')?.content).toContain('app:x:1000:');
    expect(find('/etc/nsswitch.conf')?.content).toContain('hosts: files dns');
    expect(String(find('/etc/ld.so.cache')?.content)).toBe('cache');
    expect(find('/etc/alternatives/awk')).toMatchObject({ type: 'link', target: '/usr/bin/mawk' });
    expect(find('/etc/shadow')).toBeUndefined();
  });

  it('has the links of the machine, a home of its own and a sticky /tmp', () => {
    expect(find('/bin')).toMatchObject({ type: 'link', target: 'usr/bin' });
    expect(find('/home/app')).toMatchObject({ type: 'directory', owner: 1000 });
    expect(find('/tmp')?.mode).toBe(0o1777);
    expect(find('/root')?.mode).toBe(0o700);
  });

  it('has a place for every mount', () => {
    for (const { target } of computeHostMounts(merged)) expect(find(target), target).toBeDefined();
  });

  it('binds /bin and /lib themselves where they are no links', () => {
    const split = { ...merged, links: {}, directories: ['/bin', '/lib', '/usr/bin', '/usr/lib'] };
    expect(computeHostEntries(split).find(({ path }) => path === '/bin')?.type).toBe('directory');
    expect(computeHostMounts(split).map(({ target }) => target)).toContain('/lib');
  });
});

describe('computeHostMounts', () => {
  it('is read-only throughout, and has node where PATH looks first', () => {
    const mounts = computeHostMounts(merged);
    expect(mounts.at(-1)).toMatchObject({ source: '/usr/bin/node', target: '/opt/tcompose/bin/node' });
    for (const { options } of mounts) expect(options).toEqual(['rro', 'rnosuid', 'rnodev']);
  });
});

describe('computeHostImageId', () => {
  const id = computeHostImageId(entries, merged);

  it('is stable', () => {
    expect(id).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(computeHostImageId(computeHostEntries(merged), merged)).toBe(id);
  });

  it.each([
    ['a generated file', { files: { ...merged.files, '/etc/ld.so.cache': Buffer.from('other') } }],
    ['a link', { links: { ...merged.links, '/lib64': 'usr/lib64' } }],
    ['an alternative', { alternatives: { awk: '/usr/bin/gawk' } }],
    ["Node's version", { node: { ...merged.node, version: 'v20.2.0' } }],
  ])('changes with %s', (_, change) => {
    const other = { ...merged, ...change };
    expect(computeHostImageId(computeHostEntries(other), other)).not.toBe(id);
  });
});
