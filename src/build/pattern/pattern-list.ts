// A list of patterns where later ones with `!` take back what earlier ones matched. A path matches with its parents:
// what is below a matched directory is matched. Pure.

import { posix } from 'node:path';
import { compilePathPattern } from './path-pattern.ts';

interface ListedPattern {
  readonly text: string;
  readonly isException: boolean;
  matches(path: string): boolean;
}

export class PatternList {
  readonly #patterns: readonly ListedPattern[];

  constructor(lines: readonly string[]) {
    this.#patterns = lines.map(compileLine);
  }

  /** `path`: relative, clean. */
  matches(path: string): boolean {
    const prefixes = listPrefixes(path);
    let matched = false;
    for (const { isException, matches } of this.#patterns) {
      // Only what would change the verdict is looked at.
      if (isException === matched && prefixes.some(matches)) matched = !isException;
    }
    return matched;
  }

  /** Nothing below this directory, which is matched, is taken back: it need not be looked into. */
  coversAllBelow(directory: string): boolean {
    return this.#patterns.every(({ isException, text }) => !isException || !mayMatchBelow(text, directory));
  }

  /** Something below this directory may be matched. */
  mayMatchBelow(directory: string): boolean {
    return this.#patterns.some(({ isException, text }) => !isException && mayMatchBelow(text, directory));
  }
}

function compileLine(line: string): ListedPattern {
  const isException = line.startsWith('!');
  const text = posix.normalize(isException ? line.slice(1) : line).replace(/(?<=.)\/$/, '');
  if (text === '.' && isException) throw new SyntaxError('a "!" stands alone');
  return { text, isException, matches: compilePathPattern(text) };
}

/** `a/b/c` -> `a`, `a/b`, `a/b/c`. */
function listPrefixes(path: string): string[] {
  const parts = path.split('/');
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

/** Compared up to the first wildcard; what comes after it may be anything. */
function mayMatchBelow(pattern: string, directory: string): boolean {
  const fixed = pattern.replace(/[*?[\\].*$/s, '');
  const prefix = `${directory}/`;
  if (fixed !== pattern) return fixed.startsWith(prefix) || prefix.startsWith(fixed);
  return pattern.startsWith(prefix) || prefix.startsWith(`${pattern}/`);
}
