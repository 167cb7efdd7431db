// Which files below a watched path count. Pure.

import { posix } from 'node:path';
import { PatternList } from '../../build/pattern/pattern-list.ts';

export interface SourceFilter {
  /** Its changes count. `path`: relative, of something whose directories are not pruned. */
  matches(path: string): boolean;
  /** Nothing below this directory counts: it is not looked into. */
  prunes(directory: string): boolean;
}

export interface FilterOptions {
  readonly path: string;
  readonly ignore: readonly string[];
  readonly include: readonly string[];
  /** Absolute. */
  readonly except: readonly string[];
  /** What its ignore file says, relative to its directory; `always`: absolute paths that it does not speak for. */
  readonly context?: {
    readonly directory: string;
    readonly ignored: PatternList;
    readonly always: readonly string[];
  };
}

/** What Git, and editors beside the file that they write, leave for a moment: JetBrains, Vim, Emacs, Kate; and Go. */
const passing = new RegExp(
  `^(?:${[
    '\\.git',
    '\\.idea',
    '.*___jb_(?:old|tmp)___',
    '4913',
    '.*~',
    '\\..*\\.sw[opxn]',
    '\\.#.*',
    '#.*#',
    '\\..*\\.kate-swp',
    '.*-go-tmp-umask',
  ].join('|')})$`,
  's',
);

export function createFilter(options: FilterOptions): SourceFilter {
  const { context, path: root } = options;
  const ignore = options.ignore.length > 0 ? compile(options.ignore, root) : undefined;
  const include = options.include.length > 0 ? compile(options.include, root) : undefined;
  const except = options.except.map((path) => posix.relative(root, path));
  const inContext = (path: string): string | undefined => {
    const relative = context && posix.relative(context.directory, posix.join(root, path));
    return relative === undefined || relative === '' || relative.startsWith('..') ? undefined : relative;
  };
  const isExcepted = (path: string) =>
    passing.test(posix.basename(path)) || except.some((each) => path === each || path.startsWith(`${each}/`));
  const always = (context?.always ?? []).map((path) => posix.relative(root, path));
  const isIgnored = (path: string) => {
    const relative = always.includes(path) ? undefined : inContext(path);
    const byContext = relative !== undefined && context?.ignored.matches(relative);
    return byContext || ignore?.matches(path) === true;
  };
  const isWholeIgnored = (directory: string) => {
    const holds = always.some((path) => path.startsWith(`${directory}/`));
    const relative = holds ? undefined : inContext(directory);
    const ignored = context?.ignored;
    const byContext =
      relative !== undefined && ignored?.matches(relative) && ignored.coversAllBelow(relative);
    return byContext || (ignore?.matches(directory) === true && ignore.coversAllBelow(directory));
  };
  return {
    matches(path) {
      // A file that a rule names is meant, whatever its name.
      if (path === '') return true;
      return !isExcepted(path) && (include?.matches(path) ?? true) && !isIgnored(path);
    },
    prunes(directory) {
      if (directory === '') return false;
      if (isExcepted(directory) || isWholeIgnored(directory)) return true;
      return include !== undefined && !include.matches(directory) && !include.mayMatchBelow(directory);
    },
  };
}

/** A pattern that begins at the root of the host, below the path, is as good as one that begins at the path. */
function compile(patterns: readonly string[], root: string): PatternList {
  return new PatternList(
    patterns
      .map((text) => text.trim())
      .filter((text) => text !== '' && text !== '!')
      .map((text) => {
        const isException = text.startsWith('!');
        const pattern = isException ? text.slice(1).trim() : text;
        const inside = pattern.startsWith(`${root}/`) ? pattern.slice(root.length) : pattern;
        return `${isException ? '!' : ''}${posix.normalize(inside).replace(/^\/+(?=.)/, '')}`;
      }),
  );
}
