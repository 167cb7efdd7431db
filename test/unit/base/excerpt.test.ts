import { describe, expect, it } from 'vitest';
import { formatExcerpt } from '../../../src/base/excerpt.ts';

const at = (line: number, col: number) => ({ file: 'f', line, col });

describe('formatExcerpt', () => {
  it('marks a key, with the line before', () => {
    expect(formatExcerpt('services:\n  web:\n    imge: nginx\n', at(3, 5))).toEqual([
      '2 |   web:',
      '3 |     imge: nginx',
      '  |     ^^^^',
    ]);
  });

  it('marks a whole quoted value, and not the comment behind it', () => {
    expect(formatExcerpt('a: "b c" # d', at(1, 4))).toEqual(['1 | a: "b c" # d', '  |    ^^^^^']);
    expect(formatExcerpt('a: b c # d', at(1, 4))).toEqual(['1 | a: b c # d', '  |    ^^^']);
  });

  it('marks a variable within a value', () => {
    expect(formatExcerpt('image: a:${TAG}-x', at(1, 10))).toEqual([
      '1 | image: a:${TAG}-x',
      '  |          ^^^^^^',
    ]);
  });

  it('marks an item of a flow list', () => {
    expect(formatExcerpt('p: [80, 8x, 90]', at(1, 9))).toEqual(['1 | p: [80, 8x, 90]', '  |         ^^']);
  });

  it('shows tabs as four columns and drops carriage returns', () => {
    expect(formatExcerpt('a:\r\n\tb: c\r\n', at(2, 2))).toEqual(['1 | a:', '2 |     b: c', '  |     ^']);
  });

  it('aligns line numbers', () => {
    const text = Array.from({ length: 10 }, (_, i) => `k${i}: v`).join('\n');
    expect(formatExcerpt(text, at(10, 1))).toEqual([' 9 | k8: v', '10 | k9: v', '   | ^^']);
  });

  it('cuts a long line around the caret', () => {
    const text = `k: ${'x'.repeat(300)}`;
    const [row = '', caret = ''] = formatExcerpt(text, at(1, 200), { width: 40 });
    expect(row).toBe(`1 | …${'x'.repeat(40)}…`);
    expect(caret.indexOf('^')).toBe(4 + 1 + 20);
  });

  it('is empty for a line that is not there', () => {
    expect(formatExcerpt('a', at(2, 1))).toEqual([]);
  });
});
