import { describe, expect, it } from 'vitest';
import { nowhere, Sources } from '../../../../src/project/text/source-text.ts';

describe('Sources', () => {
  const sources = new Sources();
  const one = sources.add('/one', 'a\nbc\r\n\nd');
  const two = sources.add('/two', '');
  const three = sources.add('/three', 'x');

  it.each([
    [0, 1, 1],
    [1, 1, 2],
    [2, 2, 1],
    [3, 2, 2],
    [6, 3, 1],
    [7, 4, 1],
  ])('counts lines and columns from 1: offset %d', (offset, line, col) => {
    expect(sources.positionOf(one.base + offset)).toEqual({ file: '/one', line, col });
  });

  it('tells files apart', () => {
    expect(sources.positionOf(two.base)).toEqual({ file: '/two', line: 1, col: 1 });
    expect(sources.positionOf(three.base)).toEqual({ file: '/three', line: 1, col: 1 });
    expect(sources.find('/two')).toBe(two);
    expect(sources.find('/four')).toBeUndefined();
  });

  it('knows no place nowhere', () => {
    expect(sources.positionOf(nowhere)).toBeUndefined();
    expect(sources.positionOf(three.base + 100)).toBeUndefined();
  });
});
