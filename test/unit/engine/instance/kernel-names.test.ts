import { describe, expect, it } from 'vitest';
import { createKernelNames } from '../../../../src/engine/instance/kernel-names.ts';

const one = 'f'.repeat(64);
const other = `0${'f'.repeat(63)}`;

describe.each(['', '1234abcd'])('the kernel names of instance "%s"', (instance) => {
  const names = createKernelNames(instance);

  it('fit into an interface name and differ by id and index', () => {
    const all = [
      names.bridge(one),
      names.bridge(other),
      names.hostInterface(one, 0),
      names.hostInterface(one, 35),
      names.hostInterface(other, 0),
    ];
    expect(all.every((name) => name.length === 15)).toBe(true);
    expect(new Set(all).size).toBe(all.length);
    expect(() => names.hostInterface(one, 36)).toThrow(/at most 36/);
  });

  it('are recognised, and those of others are not', () => {
    expect(names.classifyLink(names.bridge(one))).toBe('bridge');
    expect(names.classifyLink(names.hostInterface(one, 1))).toBe('veth');
    const stranger = createKernelNames('99999999');
    for (const name of ['eth0', 'docker0', 'tcfoo', stranger.bridge(one), stranger.hostInterface(one, 0)]) {
      expect(names.classifyLink(name)).toBeUndefined();
    }
  });
});

it('the default instance goes without an id', () => {
  expect(createKernelNames('').table).toBe('tcompose');
  expect(createKernelNames('1234abcd').table).toBe('tcompose-1234abcd');
});
