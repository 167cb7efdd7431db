// Patterns of the shell, as `${name#pattern}` and `${name/pattern/text}` take them. Pure.

/** `*`, `?`, and backslashes; everything else is itself. */
function translateShellPattern(pattern: string, isGreedy: boolean): string {
  return pattern.replace(/\\.?|[^\\]/gs, (part) => {
    if (part === '*') return isGreedy ? '.*' : '.*?';
    if (part === '?') return '.';
    if (!part.startsWith('\\')) return escapeRegex(part);
    // "}" and "/" end parts of a substitution; their escape is none of the pattern.
    if (!/^\\[*?\\}/]$/.test(part)) throw new SyntaxError(`"${part}" is not an escape in a pattern`);
    return escapeRegex(part.slice(1));
  });
}

function escapeRegex(char: string): string {
  return char.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}

export function trimPrefix(value: string, pattern: string, isGreedy: boolean): string {
  return value.replace(new RegExp(`^(?:${translateShellPattern(pattern, isGreedy)})`, 's'), '');
}

/** The shortest or the longest suffix: found from its end, since a regular expression prefers the leftmost. */
export function trimSuffix(value: string, pattern: string, isGreedy: boolean): string {
  const regex = new RegExp(`^(?:${translateShellPattern(pattern, true)})$`, 's');
  const lengths = Array.from({ length: value.length + 1 }, (_, length) => length);
  if (isGreedy) lengths.reverse();
  const length = lengths.find((each) => regex.test(value.slice(value.length - each)));
  return length === undefined ? value : value.slice(0, value.length - length);
}

export function replacePattern(value: string, pattern: string, text: string, everywhere: boolean): string {
  const regex = new RegExp(translateShellPattern(pattern, true), everywhere ? 'gs' : 's');
  return value.replace(regex, () => text);
}
