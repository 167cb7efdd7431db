import { describe, expect, it } from 'vitest';
import { settleAll } from '../../../src/base/async.ts';
import { bug, joinErrors, TcError } from '../../../src/base/error.ts';

describe('settleAll', () => {
  it('keeps the order, whatever becomes of each, and no more than so many at a time', async () => {
    let running = 0;
    let most = 0;
    const settled = await settleAll([30, 5, 10, 1], 2, async (delay) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, delay));
      running -= 1;
      if (delay === 5) throw new Error('five');
      return delay;
    });
    expect(most).toBe(2);
    expect(settled.map((each) => (each.status === 'fulfilled' ? each.value : String(each.reason)))).toEqual([
      30,
      'Error: five',
      10,
      1,
    ]);
  });

  it('of nothing is nothing', async () => {
    expect(await settleAll([], 4, () => Promise.resolve())).toEqual([]);
  });
});

describe('joinErrors', () => {
  const source = { file: '/c', line: 1, col: 2 };
  const one = new TcError('one', { code: 'a', exitCode: 3, output: ['said'], source });
  const two = new TcError('two', { code: 'b', others: [new TcError('three', { code: 'c' })] });

  it('leads with the first and keeps all others, flat', () => {
    const joined = joinErrors([one, two]) as TcError;
    expect(joined).toMatchObject({ message: 'one', code: 'a', exitCode: 3, output: ['said'], source });
    expect(joined.others.map(({ message }) => message)).toEqual(['two', 'three']);
  });

  it('lets a defect go before everything', () => {
    const defect = new RangeError('out of range');
    expect(joinErrors([one, defect])).toBe(defect);
    expect(joinErrors([bug('alone')])).toMatchObject({ code: 'internal', others: [] });
  });
});
