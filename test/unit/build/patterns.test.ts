import { describe, expect, it } from 'vitest';
import { parseIgnoreFile } from '../../../src/build/pattern/ignore-file.ts';
import { compileNamePattern, hasWildcard } from '../../../src/build/pattern/path-pattern.ts';
import { PatternList } from '../../../src/build/pattern/pattern-list.ts';

describe('one pattern', () => {
  // pattern, paths that match, paths that do not
  const cases: [string, string[], string[]][] = [
    ['a', ['a', 'a/b', 'a/b/c'], ['b', 'ab', 'b/a']],
    ['a/b', ['a/b', 'a/b/c'], ['a', 'a/c']],
    ['*', ['a', 'a/b'], []],
    ['*.md', ['a.md', 'a.md/x'], ['a.txt', 'd/a.md']],
    ['*/a', ['x/a', 'x/a/b'], ['a', 'x/y/a']],
    ['*/*/a', ['x/y/a'], ['x/a']],
    ['a?', ['ab', 'ac/d'], ['a', 'abc']],
    ['**', ['a', 'a/b'], []],
    ['**/a', ['a', 'x/a', 'x/y/a'], ['ba']],
    ['**/*.go', ['a.go', 'x/a.go'], ['a.gob', 'a']],
    ['a/**', ['a/b', 'a/b/c'], ['a', 'b']],
    ['a/**/c', ['a/c', 'a/b/c', 'a/b/d/c'], ['a', 'ac']],
    ['**/a/*', ['a/b', 'x/a/b'], ['a']],
    ['[a-c]x', ['ax', 'bx'], ['dx', 'x']],
    ['[^a]x', ['bx'], ['ax']],
    ['a\\*', ['a*'], ['ab']],
    ['a.b', ['a.b'], ['axb']],
    ['a(b)', ['a(b)'], ['ab']],
    ['dir with space', ['dir with space/x'], ['dir']],
  ];
  it.each(cases)('%s', (pattern, matching, others) => {
    const list = new PatternList([pattern]);
    for (const path of matching) expect(list.matches(path), path).toBe(true);
    for (const path of others) expect(list.matches(path), path).toBe(false);
  });

  it('without the end of its class is refused', () => {
    expect(() => new PatternList(['[a'])).toThrow('"["');
  });

  it('for names knows no directories', () => {
    expect(compileNamePattern('*.c')('a.c')).toBe(true);
    expect(compileNamePattern('hom?')('home')).toBe(true);
    expect(hasWildcard('a\\*')).toBe(false);
    expect(hasWildcard('a*')).toBe(true);
  });
});

describe('an ignore file', () => {
  const ignored = (text: string, path: string) => parseIgnoreFile('/p/.dockerignore', text).matches(path);

  it('reads comments, blanks, slashes and a byte order mark', () => {
    const text = '\uFEFF# comment\n\n  /a  \nb/\n./c\nd//e\n#f\n';
    for (const path of ['a', 'b', 'c', 'd/e']) expect(ignored(text, path), path).toBe(true);
    for (const path of ['# comment', '#f', 'd']) expect(ignored(text, path), path).toBe(false);
  });

  it('takes back with "!", the last line that fits wins', () => {
    const text = '*.md\n!README*.md\nREADME-secret.md';
    expect(ignored(text, 'x.md')).toBe(true);
    expect(ignored(text, 'README.md')).toBe(false);
    expect(ignored(text, 'README-a.md')).toBe(false);
    expect(ignored(text, 'README-secret.md')).toBe(true);
  });

  it('takes back below an ignored directory', () => {
    const list = parseIgnoreFile('/p/.dockerignore', 'node_modules\n!node_modules/keep\n');
    expect(list.matches('node_modules/x')).toBe(true);
    expect(list.matches('node_modules/keep/y')).toBe(false);
    expect(list.coversAllBelow('node_modules')).toBe(false);
    expect(list.coversAllBelow('node_modules/x')).toBe(true);
  });

  it('says when nothing below a directory can come back', () => {
    expect(new PatternList(['big', '!other']).coversAllBelow('big')).toBe(true);
    expect(new PatternList(['big', '!**/keep']).coversAllBelow('big')).toBe(false);
    expect(new PatternList(['*', '!src']).coversAllBelow('big')).toBe(true);
  });

  it('names the line that is wrong', () => {
    expect(() => parseIgnoreFile('/p/.dockerignore', 'a\n[b\n')).toThrow(
      expect.objectContaining({ source: { file: '/p/.dockerignore', line: 2, col: 1 } }),
    );
  });
});
