// `--chmod`: octal, or in the words of chmod(1). Pure.

/** The new mode of a file that has `mode`. */
type ChangeMode = (mode: number, isDirectory: boolean) => number;

export interface Chmod {
  /** Of an octal number: the same for every file. */
  readonly absolute?: number;
  readonly change: ChangeMode;
}

/** Undefined: the text is no mode. */
export function parseChmod(text: string): Chmod | undefined {
  if (/^[0-7]+$/.test(text)) {
    const mode = Number.parseInt(text, 8);
    return mode > 0o7777 ? undefined : { absolute: mode, change: () => mode };
  }
  const clauses = text.split(',').map(parseClause);
  if (clauses.includes(undefined)) return undefined;
  const change: ChangeMode = (mode, isDirectory) =>
    clauses.reduce((before, clause) => (clause ? clause(before, isDirectory) : before), mode);
  return { change };
}

const shifts: Readonly<Record<string, number>> = { u: 6, g: 3, o: 0 };

function parseClause(text: string): ChangeMode | undefined {
  const [whole, who = '', actions = ''] = /^([ugoa]*)((?:[-+=](?:[rwxXst]*|[ugo]))+)$/.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const classes = who === '' || who.includes('a') ? ['u', 'g', 'o'] : [...who];
  const steps = [...actions.matchAll(/([-+=])([rwxXstugo]*)/g)];
  return (mode, isDirectory) =>
    steps.reduce((before, [, operator = '', what = '']) => {
      const bits = permissionBits(what, classes, before, isDirectory);
      if (operator === '+') return before | bits;
      if (operator === '-') return before & ~bits;
      return (before & ~classMask(classes)) | bits;
    }, mode);
}

function classMask(classes: readonly string[]): number {
  const special = (classes.includes('u') ? 0o4000 : 0) | (classes.includes('g') ? 0o2000 : 0);
  return classes.reduce((mask, each) => mask | (0o7 << (shifts[each] ?? 0)), special);
}

function permissionBits(
  what: string,
  classes: readonly string[],
  mode: number,
  isDirectory: boolean,
): number {
  if (/^[ugo]$/.test(what)) {
    const copied = (mode >> (shifts[what] ?? 0)) & 0o7;
    return classes.reduce((bits, each) => bits | (copied << (shifts[each] ?? 0)), 0);
  }
  const mayExecute = isDirectory || (mode & 0o111) !== 0;
  const each =
    (what.includes('r') ? 4 : 0) |
    (what.includes('w') ? 2 : 0) |
    (what.includes('x') || (what.includes('X') && mayExecute) ? 1 : 0);
  let bits = classes.reduce((all, name) => all | (each << (shifts[name] ?? 0)), 0);
  if (what.includes('s')) bits |= (classes.includes('u') ? 0o4000 : 0) | (classes.includes('g') ? 0o2000 : 0);
  if (what.includes('t')) bits |= 0o1000;
  return bits;
}
