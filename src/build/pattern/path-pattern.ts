// One pattern over paths, as .dockerignore, --exclude and --parents take them: `*`, `?`, `[...]`, and `**` for any number
// of directories. Semantics of github.com/moby/patternmatcher. Pure.

/** Throws SyntaxError if the pattern is none. */
export function compilePathPattern(pattern: string): (path: string) => boolean {
  const shape = classify(pattern);
  switch (shape.kind) {
    case 'exact':
      return (path) => path === shape.text;
    case 'below':
      return (path) => path.startsWith(shape.text);
    case 'suffix':
      // `**/foo` is `foo` too.
      return (path) =>
        path.endsWith(shape.text) || (shape.text.startsWith('/') && path === shape.text.slice(1));
    case 'regex': {
      const regex = new RegExp(`^${translate(pattern)}$`, 'su');
      return (path) => regex.test(path);
    }
  }
}

interface Shape {
  readonly kind: 'exact' | 'below' | 'suffix' | 'regex';
  readonly text: string;
}

/** What needs no regular expression has its own meaning at the edges: `dir/**` is what begins with `dir/`. */
function classify(pattern: string): Shape {
  const special = /[*?[\]\\]/;
  if (!special.test(pattern)) return { kind: 'exact', text: pattern };
  const below = pattern.replace(/\*\*\/?$/, '');
  if (below !== pattern && !special.test(below)) return { kind: 'below', text: below };
  const suffix = pattern.slice(2);
  if (pattern.startsWith('**') && !special.test(suffix)) return { kind: 'suffix', text: suffix };
  return { kind: 'regex', text: pattern };
}

function translate(pattern: string): string {
  return pattern.replace(
    /\*\*\/?$|\*\*\/?|\*|\?|\\.|\[(?:\\.|[^\]\\])*\]|\[|[^*?[\\]/gsu,
    (part, offset: number) => {
      if (part.startsWith('**')) return offset + part.length === pattern.length ? '.*' : '(?:.*/)?';
      if (part === '*') return '[^/]*';
      if (part === '?') return '[^/]';
      if (part === '[') throw new SyntaxError(`"${pattern}" has a "[" without its "]"`);
      if (part.startsWith('[')) return translateClass(part);
      return escapeRegex(part.startsWith('\\') ? part.slice(1) : part);
    },
  );
}

function translateClass(text: string): string {
  // Go knows `^` alone: `[!a]` is one of `!` and `a`.
  const isNegated = text.startsWith('[^');
  const body = text
    .slice(isNegated ? 2 : 1, -1)
    .replace(/\\?(.)/gsu, (_, char: string) => (/[\]\\[^]/.test(char) ? `\\${char}` : char));
  if (body === '') throw new SyntaxError(`"${text}" is an empty class of characters`);
  return `[${isNegated ? '^' : ''}${body}]`;
}

function escapeRegex(char: string): string {
  return char.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

export function hasWildcard(path: string): boolean {
  return /[*?[]/.test(path.replace(/\\./gs, ''));
}

/** Of a path that has escapes and no wildcards: the path that is meant. */
export function unescapePath(path: string): string {
  return path.replace(/\\(.)/gs, '$1');
}

/** A pattern for one name of a directory, as Go's filepath.Match. */
export function compileNamePattern(pattern: string): (name: string) => boolean {
  const regex = new RegExp(`^${translate(pattern.replace(/\*+/g, '*'))}$`, 'su');
  return (name) => regex.test(name);
}
