import { constants } from 'node:os';
import { expect, it } from 'vitest';
import { parseSignal } from '../../../src/runtime/signals.ts';

it('knows the names of this kernel', () => {
  for (const [name, number] of Object.entries(constants.signals))
    expect(parseSignal(name), name).toBe(number);
});

it.each([
  ['term', 15],
  ['SIGINT', 2],
  ['9', 9],
  ['64', 64],
  ['SIGRTMIN', 34],
  ['RTMIN+3', 37],
  ['SIGRTMAX-1', 63],
])('%s is %d', (text, number) => {
  expect(parseSignal(text)).toBe(number);
});

it.each(['', '0', '65', '-1', 'SIGNOPE', 'RTMIN-1', 'RTMAX+1', 'RTMIN+31', '9 ', 'SIG', '1e1'])(
  '%j is none',
  (text) => {
    expect(parseSignal(text)).toBeUndefined();
  },
);
