import { describe, expect, it } from 'vitest';
import {
  formatCapabilityMask,
  normalizeCapability,
  resolveCapabilities,
} from '../../../src/runtime/capabilities.ts';

const short = (names: readonly string[]) => names.map((name) => name.replace('CAP_', '')).sort();

describe('resolveCapabilities', () => {
  it('gives the fourteen of Docker', () => {
    expect(short(resolveCapabilities({}))).toEqual([
      ...[
        'AUDIT_WRITE',
        'CHOWN',
        'DAC_OVERRIDE',
        'FOWNER',
        'FSETID',
        'KILL',
        'MKNOD',
        'NET_BIND_SERVICE',
        'NET_RAW',
      ],
      ...['SETFCAP', 'SETGID', 'SETPCAP', 'SETUID', 'SYS_CHROOT'],
    ]);
  });

  it('adds and drops by name, however it is spelled', () => {
    const names = short(
      resolveCapabilities({ cap_add: ['cap_sys_time', 'NET_ADMIN'], cap_drop: ['CAP_MKNOD', 'kill'] }),
    );
    expect(names).toContain('SYS_TIME');
    expect(names).toContain('NET_ADMIN');
    expect(names).not.toContain('MKNOD');
    expect(names).not.toContain('KILL');
  });

  it('understands ALL on either side', () => {
    expect(short(resolveCapabilities({ cap_drop: ['ALL'] }))).toEqual([]);
    expect(short(resolveCapabilities({ cap_drop: ['all'], cap_add: ['CHOWN'] }))).toEqual(['CHOWN']);
    const allButOne = short(resolveCapabilities({ cap_add: ['ALL'], cap_drop: ['SYS_ADMIN'] }));
    expect(allButOne).toHaveLength(40);
    expect(allButOne).not.toContain('SYS_ADMIN');
  });

  it('prefers cap_add where both name one', () => {
    expect(resolveCapabilities({ cap_add: ['KILL'], cap_drop: ['KILL'] })).toContain('CAP_KILL');
  });

  it('gives a privileged container all, in the order of their numbers', () => {
    const all = resolveCapabilities({ privileged: true });
    expect(all).toHaveLength(41);
    expect([all[0], all[21], all[40]]).toEqual(['CAP_CHOWN', 'CAP_SYS_ADMIN', 'CAP_CHECKPOINT_RESTORE']);
  });
});

it('normalizeCapability knows what there is', () => {
  expect(normalizeCapability('net_raw')).toBe('CAP_NET_RAW');
  expect(normalizeCapability('All')).toBe('ALL');
  expect(normalizeCapability('CAP_NET_ROW')).toBeUndefined();
});

it('formatCapabilityMask names the set bits', () => {
  expect(formatCapabilityMask(0n)).toEqual([]);
  expect(formatCapabilityMask(1n | (1n << 39n) | (1n << 60n))).toEqual(['CAP_CHOWN', 'CAP_BPF']);
});
