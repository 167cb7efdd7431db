import { describe, expect, it } from 'vitest';
import { expandWord } from '../../../src/build/dockerfile/shell-words.ts';

const variables: Record<string, string> = { a: 'foo/boo/zoo', e: '', s: 'one two', n: 'x' };
const expand = (word: string, options = {}) =>
  expandWord(word, { escapeToken: '\\', lookup: (name) => variables[name], ...options });

describe('variables', () => {
  it.each([
    ['$a', 'foo/boo/zoo'],
    ['a${n}b', 'axb'],
    ['$ab', ''],
    ['$', '$'],
    ['a$', 'a$'],
    ['${a#*/}', 'boo/zoo'],
    ['${a##*/}', 'zoo'],
    ['${a#nothing}', 'foo/boo/zoo'],
    ['${a%/*}', 'foo/boo'],
    ['${a%%/*}', 'foo'],
    ['${a%o}', 'foo/boo/zo'],
    ['${a/o/0}', 'f0o/boo/zoo'],
    ['${a//o/0}', 'f00/b00/z00'],
    ['${a//\\//-}', 'foo-boo-zoo'],
    ['${a/?oo/}', '/boo/zoo'],
    ['${b:-d}', 'd'],
    ['${e:-d}', 'd'],
    ['${e-d}', ''],
    ['${b-d}', 'd'],
    ['${b:-$n$n}', 'xx'],
    ['${a:+y}', 'y'],
    ['${e:+y}', ''],
    ['${e+y}', 'y'],
    ['${b+y}', ''],
    ['${a:?no}', 'foo/boo/zoo'],
  ])('%s is %s', (word, expected) => {
    expect(expand(word).text).toBe(expected);
  });

  it.each([
    ['${a', '"}" is missing'],
    ['${}', 'bad substitution'],
    ['${a^}', '"^" is not supported'],
    ['${a:=x}', '":=" is not supported'],
    ['${b:?it is needed}', 'b: it is needed'],
    ['${e:?}', 'e: it must not be empty'],
    ['${a#\\x}', 'not an escape'],
    ['"open', 'a double quote is missing'],
    ["'open", 'a single quote is missing'],
  ])('%s is refused', (word, message) => {
    expect(() => expand(word)).toThrow(message);
  });

  it('tells which names had no value', () => {
    expect(expand('$b ${c:-x} $n').unset).toEqual(['b', 'c']);
  });

  it('leaves what is not set as it is, if asked', () => {
    expect(expand('$b ${c:-x} $n', { keepUnset: true }).text).toBe('$b ${c:-x} x');
  });
});

describe('quotes and escapes', () => {
  it.each([
    ['"$n y"', 'x y'],
    ["'$n y'", '$n y'],
    ['\\$n', '$n'],
    ['"a\\"b\\c"', 'a"b\\c'],
    ['a\\ b', 'a b'],
    ["it\\'s", "it's"],
  ])('%s is %s', (word, expected) => {
    expect(expand(word).text).toBe(expected);
  });

  it('splits at blanks outside of quotes, also at those of values', () => {
    expect(expand('$s "$s" a\\ b').words).toEqual(['one', 'two', 'one two', 'a b']);
  });

  it('takes another escape character', () => {
    const options = { escapeToken: '`', lookup: () => 'v' };
    expect(expandWord('`$x \\$x', options).text).toBe('$x \\v');
  });
});
