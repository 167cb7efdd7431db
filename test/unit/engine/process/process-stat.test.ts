import { describe, expect, it } from 'vitest';
import { parseProcessStat } from '../../../../src/engine/process/process-stat.ts';

const stat = (name: string, terminal: number) =>
  `815 (${name}) S 812 815 815 ${terminal} -1 4194560 120 0 0 0 250 50 0 0 20 0 1 0 123456 8000 200 0 0`;

describe('parseProcessStat', () => {
  it('reads what ps prints', () => {
    expect(parseProcessStat(stat('sleep', 0))).toEqual({
      name: 'sleep',
      parentPid: 812,
      cpuSeconds: 3,
      startSeconds: 1234.56,
    });
  });

  it('is not fooled by a name with parentheses and spaces', () => {
    const { name, parentPid } = parseProcessStat(stat('a) S 1 (b', 0));
    expect({ name, parentPid }).toEqual({ name: 'a) S 1 (b', parentPid: 812 });
  });

  it.each([
    [0x8800, 'pts/0'],
    [0x108803, 'pts/259'],
    [0x0401, 'tty1'],
    [0x0440, '4:64'],
  ])('knows terminal %i as %s', (device, name) => {
    expect(parseProcessStat(stat('sh', device)).terminal).toBe(name);
  });
});
