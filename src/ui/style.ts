// Colours and weights of terminal text. A style that is off returns its text as it is.

export interface Style {
  readonly isColored: boolean;
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  cyan(text: string): string;
  /** For plans: what comes, what changes, what goes. */
  added(text: string): string;
  changed(text: string): string;
  removed(text: string): string;
}

export function createStyle(isColored: boolean): Style {
  const paint = (code: string) => (text: string) => (isColored ? `\u001b[${code}m${text}\u001b[0m` : text);
  return {
    isColored,
    bold: paint('1'),
    dim: paint('2'),
    red: paint('31'),
    green: paint('32'),
    yellow: paint('33'),
    cyan: paint('36'),
    added: paint('32'),
    changed: paint('33'),
    removed: paint('31'),
  };
}

/** Foregrounds that are readable on dark and on light, and far apart. Red is left to errors. */
const sourceCodes = ['36', '33', '32', '35', '34', '36;1', '33;1', '32;1', '35;1', '34;1'];

/** A name has the same colour in every run, unless a name that came before it has that one. */
export function createSourceColors(isColored: boolean): (name: string) => (text: string) => string {
  const codes = new Map<string, string>();
  return (name) => {
    const code = codes.get(name) ?? chooseCode(name, new Set(codes.values()));
    codes.set(name, code);
    return (text) => (isColored ? `\u001b[${code}m${text}\u001b[0m` : text);
  };
}

/** The name's own, else the next that is free; when all are taken, they are shared. */
function chooseCode(name: string, taken: ReadonlySet<string>): string {
  const start = [...name].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 65_521, 0);
  const ordered = sourceCodes.map((_, at) => sourceCodes[(start + at) % sourceCodes.length] ?? '0');
  return ordered.find((code) => !taken.has(code)) ?? ordered[0] ?? '0';
}
