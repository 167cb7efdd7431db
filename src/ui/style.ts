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

/** The same name always has the same colour, as long as fewer names than colours are seen first. */
export function createSourceColors(isColored: boolean): (name: string) => (text: string) => string {
  const codes = new Map<string, string>();
  return (name) => {
    const code = codes.get(name) ?? sourceCodes[codes.size % sourceCodes.length] ?? '0';
    codes.set(name, code);
    return (text) => (isColored ? `\u001b[${code}m${text}\u001b[0m` : text);
  };
}
