// WWW-Authenticate (RFC 9110 section 11.6.1): what a registry asks for before it answers. Pure.

export interface Challenge {
  /** Lower case: `bearer`, `basic`. */
  readonly scheme: string;
  readonly parameters: Readonly<Record<string, string>>;
}

const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const parameterPattern = new RegExp(
  `^\\s*(${token})\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|(${token}))\\s*(?:,|$)`,
);
const schemePattern = new RegExp(`^[\\s,]*(${token})(?:\\s+|$)`);

/** All challenges of one header value, which may hold several. */
export function parseChallenges(header: string): readonly Challenge[] {
  const challenges: Challenge[] = [];
  let rest = header;
  while (rest.trim() !== '') {
    const scheme = schemePattern.exec(rest);
    if (!scheme) break;
    rest = rest.slice(scheme[0].length);
    const entries: [string, string][] = [];
    for (let found = parameterPattern.exec(rest); found; found = parameterPattern.exec(rest)) {
      const [whole, name = '', quoted, plain = ''] = found;
      entries.push([name.toLowerCase(), quoted === undefined ? plain : quoted.replace(/\\(.)/g, '$1')]);
      rest = rest.slice(whole.length);
    }
    challenges.push({ scheme: (scheme[1] ?? '').toLowerCase(), parameters: Object.fromEntries(entries) });
  }
  return challenges;
}
