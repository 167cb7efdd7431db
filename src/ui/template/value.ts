// Values of templates: what is true, and how a value prints.

/** Go's rule: false, 0, nil and anything of no length are not. */
export function isTrue(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
}

/** As Go's `%v`: lists `[a b]`, maps `map[k:v]`; what has a text of its own is that. */
export function formatValue(value: unknown): string {
  if (value === undefined || value === null) return '<no value>';
  if (Array.isArray(value)) return `[${value.map(formatValue).join(' ')}]`;
  if (typeof value === 'object') {
    if (Object.hasOwn(value, 'toString')) return String(value);
    const members = value as Record<string, unknown>;
    const entries = Object.keys(members)
      .filter((key) => typeof members[key] !== 'function')
      .sort()
      .map((key) => `${key}:${formatValue(members[key])}`);
    return `map[${entries.join(' ')}]`;
  }
  return String(value);
}

const verb = /%([-+0 #]*)(\d+)?(?:\.(\d+))?([a-zA-Z%])/g;

/** Go's fmt.Sprintf for %s %v %d %q %t %x %f and their widths. */
export function printf(format: string, parameters: readonly unknown[]): string {
  let next = 0;
  return format.replace(
    verb,
    (_, flags: string, width: string | undefined, precision: string | undefined, letter: string) => {
      if (letter === '%') return '%';
      if (next >= parameters.length) return `%!${letter}(MISSING)`;
      const value = parameters[next];
      next += 1;
      return align(formatVerb(letter, value, precision), Number(width ?? 0), flags);
    },
  );
}

function formatVerb(letter: string, value: unknown, precision: string | undefined): string {
  switch (letter) {
    case 'q':
      return JSON.stringify(formatValue(value));
    case 'x':
      return typeof value === 'number' ? value.toString(16) : Buffer.from(formatValue(value)).toString('hex');
    case 'f':
      return Number(value).toFixed(precision === undefined ? 6 : Number(precision));
    case 'd':
      return String(Math.trunc(Number(value)));
    case 's':
    case 'v':
    case 't': {
      const text = formatValue(value);
      return precision === undefined ? text : [...text].slice(0, Number(precision)).join('');
    }
    default:
      return `%!${letter}(${formatValue(value)})`;
  }
}

function align(text: string, width: number, flags: string): string {
  if (flags.includes('-')) return text.padEnd(width);
  return flags.includes('0') ? text.padStart(width, '0') : text.padStart(width);
}
