import { describe, expect, it } from 'vitest';
import { renderTable } from '../../../src/ui/table.ts';

describe('tables', () => {
  it('align columns with at least three spaces between, and leave the last as it is', () => {
    expect(
      renderTable([
        ['A', 'B'],
        ['a long cell', 'x'],
        ['b', 'yy'],
      ]),
    ).toBe('A             B\na long cell   x\nb             yy\n');
  });

  it('have a least width', () => {
    expect(renderTable([['A', 'B']], { minimumWidth: 20 })).toBe(`${'A'.padEnd(20)}B\n`);
  });

  it('measure what is seen: no escapes, whole characters', () => {
    expect(
      renderTable([
        ['\u001b[31mred\u001b[0m', 'x'],
        ['𝄞𝄞𝄞𝄞𝄞𝄞𝄞𝄞', 'y'],
      ]),
    ).toBe(`\u001b[31mred\u001b[0m${' '.repeat(8)}x\n𝄞𝄞𝄞𝄞𝄞𝄞𝄞𝄞${' '.repeat(3)}y\n`);
  });

  it('of nothing are nothing', () => {
    expect(renderTable([])).toBe('');
  });
});
