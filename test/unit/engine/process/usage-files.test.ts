import { describe, expect, it } from 'vitest';
import { countNetwork, countUsage, readMemoryLimit } from '../../../../src/engine/process/usage-files.ts';

const reader = (files: Readonly<Record<string, string>>) => (file: string) => files[file];

describe('countUsage', () => {
  it('reads cgroup v1', () => {
    const read = reader({
      'cpuacct.usage': '1500000000\n',
      'memory.usage_in_bytes': '5000\n',
      'memory.stat': 'cache 10\ninactive_file 1\ntotal_inactive_file 1000\n',
      'pids.current': '3\n',
      'blkio.throttle.io_service_bytes':
        '8:0 Read 100\n8:0 Write 7\n8:16 Read 1\n8:16 Write 0\n8:0 Total 107\nTotal 108\n',
    });
    expect(countUsage(read)).toEqual({
      cpuNs: 1.5e9,
      memory: 4000,
      processes: 3,
      disk: { in: 101, out: 7 },
    });
  });

  it('reads cgroup v2', () => {
    const read = reader({
      'cpu.stat': 'usage_usec 1500\nuser_usec 1000\n',
      'memory.current': '5000\n',
      'memory.stat': 'anon 1\ninactive_file 6000\n',
      'pids.current': '1\n',
      'io.stat':
        '8:0 rbytes=100 wbytes=7 rios=1 wios=1 dbytes=9 dios=0\n8:16 rbytes=1 wbytes=0 rios=1 wios=0\n',
    });
    expect(countUsage(read)).toEqual({ cpuNs: 1.5e6, memory: 0, processes: 1, disk: { in: 101, out: 7 } });
  });

  it('leaves out what the host does not count', () => {
    expect(countUsage(reader({}))).toEqual({});
  });
});

describe('readMemoryLimit', () => {
  it('takes neither "max" nor more than there is for a limit', () => {
    expect(readMemoryLimit(reader({ 'memory.max': 'max\n' }), 1000)).toBeUndefined();
    expect(
      readMemoryLimit(reader({ 'memory.limit_in_bytes': '9223372036854771712\n' }), 1000),
    ).toBeUndefined();
    expect(readMemoryLimit(reader({ 'memory.max': '999\n' }), 1000)).toBe(999);
  });
});

describe('countNetwork', () => {
  it('adds up all interfaces but loopback', () => {
    const header = 'Inter-|   Receive  |  Transmit\n face |bytes packets\n';
    const row = (name: string, received: number, sent: number) =>
      `${name}: ${received} 2 0 0 0 0 0 0 ${sent} 4 0 0 0 0 0 0\n`;
    expect(countNetwork(header + row('    lo', 9, 9) + row('  eth0', 100, 7) + row('  eth1', 1, 0))).toEqual({
      in: 101,
      out: 7,
    });
  });
});
