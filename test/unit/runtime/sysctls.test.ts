import { describe, expect, it } from 'vitest';
import { explainSysctl, resolveSysctls } from '../../../src/runtime/sysctls.ts';

const own = { ownNetwork: true, ownIpc: true };

describe('explainSysctl', () => {
  it.each([
    'net.core.somaxconn',
    'net.ipv4.conf.eth0/100.rp_filter',
    'kernel.shmmax',
    'fs.mqueue.msg_max',
    'net/ipv4/tcp_syncookies',
  ])('allows %s', (name) => {
    expect(explainSysctl(name, own)).toBeUndefined();
  });

  it.each([
    'kernel.core_pattern',
    'vm.swappiness',
    'fs.file-max',
    'kernel.shmmaxx',
    'user.max_user_namespaces',
  ])('keeps %s for the host', (name) => {
    expect(explainSysctl(name, own)).toBe('belongs to the whole host, not to a container');
  });

  it.each(['net', '../kernel.x', 'net..ipv4', 'net.ipv4.', 'net.ipv4/../../kernel', '', 'net.ipv4.x\ny'])(
    'takes %j for no name',
    (name) => {
      expect(explainSysctl(name, own)).toBe('is not the name of a kernel parameter');
    },
  );

  it("protects the host's namespaces where the container shares them", () => {
    expect(explainSysctl('net.core.somaxconn', { ...own, ownNetwork: false })).toContain(
      'network of the host',
    );
    expect(explainSysctl('kernel.sem', { ...own, ownIpc: false })).toContain('IPC');
  });
});

it('resolveSysctls lets anybody ping and bind low ports in a network of its own', () => {
  expect(resolveSysctls({ 'net.ipv4.ip_unprivileged_port_start': '1024' }, true)).toEqual({
    'net.ipv4.ping_group_range': '0 2147483647',
    'net.ipv4.ip_unprivileged_port_start': '1024',
  });
  expect(resolveSysctls({}, false)).toEqual({});
});
