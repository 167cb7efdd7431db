import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toPlain } from '../../../../src/project/attribute/codec.ts';
import { Diagnostics } from '../../../../src/project/diagnostic/diagnostics.ts';
import { Sources } from '../../../../src/project/text/source-text.ts';
import { parseYaml } from '../../../../src/project/text/yaml.ts';
import { formatYaml } from '../../../../src/project/text/yaml-format.ts';

function readBack(text: string): unknown {
  const sources = new Sources();
  const diagnostics = new Diagnostics(sources);
  const [tree] = parseYaml(sources.add('f', text), diagnostics);
  diagnostics.throwIfFailed();
  return toPlain(tree?.['v'] ?? null);
}

describe('formatYaml', () => {
  it.each([
    ['plain', 'a b', 'a b'],
    ['a number', '8080', '"8080"'],
    ['an octal number', '0440', '"0440"'],
    ['a boolean', 'true', '"true"'],
    ['an old boolean', 'no', '"no"'],
    ['null', 'null', '"null"'],
    ['nothing', '', '""'],
    ['a date', '2024-01-02', '"2024-01-02"'],
    ['a base 60 number', '22:22', '"22:22"'],
    ['no base 60 number', '22:80', '22:80'],
    ['a merge key', '<<', '"<<"'],
    ['a leading indicator', '*a', "'*a'"],
    ['a quote', "it's", "it's"],
    ['a leading quote', "'a", "'''a'"],
    ['a colon', 'a: b', "'a: b'"],
    ['a comment', 'a #b', "'a #b'"],
    ['a space at the end', 'a ', "'a '"],
    ['a dash', '- a', "'- a'"],
    ['a dash with text', '-a', '-a'],
    ['a tab', 'a\tb', '"a\\tb"'],
    ['a control character', 'a\u0007', '"a\\a"'],
    ['beyond the basic plane', '😀', '"\\U0001F600"'],
    ['lines', 'a\nb', '|-\n  a\n  b'],
    ['lines with an end', 'a\nb\n', '|\n  a\n  b'],
    ['lines with many ends', 'a\n\n', '|+\n  a\n'],
    ['lines that start with a space', ' a\nb', '|2-\n   a\n  b'],
    ['lines with a space before the break', 'a \nb', '"a \\nb"'],
  ])('writes %s as go-yaml does', (_, value, text) => {
    expect(formatYaml({ v: value })).toBe(`v: ${text}\n`);
  });

  it('lays out mappings and lists as go-yaml does', () => {
    const value = { a: { b: [1, { c: 'd', e: [] }, ['x', 'y']], f: {} }, g: null };
    expect(formatYaml(value)).toBe(`a:
  b:
    - 1
    - c: d
      e: []
    - - x
      - "y"
  f: {}
g: null
`);
  });

  it('writes any text so that it is read back', () => {
    const text = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: fc.constantFrom(' ', '\n', 'a', ':', '#', '-', "'", '"', '|', '\t', '1') }),
    );
    fc.assert(
      fc.property(text, (value) => {
        expect(readBack(formatYaml({ v: value }))).toBe(value);
        expect(readBack(formatYaml({ v: [value] }))).toEqual([value]);
      }),
      { numRuns: 2000 },
    );
  });
});
