// The comments at the top of a Dockerfile that say how to read it: `# escape=`, `# syntax=`, `# check=`.

import type { SourcePosition } from '../../base/error.ts';
import { splitLines } from './logical-line.ts';
import { problem } from './problem.ts';

export interface Directives {
  readonly escapeToken: '\\' | '`';
  /** A frontend image: what it names beyond this language is not run. */
  readonly syntax?: string;
  readonly check: CheckOptions;
}

/** Which build checks speak, and whether they are errors. */
export interface CheckOptions {
  readonly skip: 'all' | readonly string[];
  readonly experimental: 'all' | readonly string[];
  readonly error: boolean;
}

export const defaultCheckOptions: CheckOptions = { skip: [], experimental: [], error: false };

const known = ['syntax', 'escape', 'check'];

/** They end at the first line that is none. */
export function parseDirectives(file: string, text: string): Directives {
  const found = new Map<string, string>();
  let check = defaultCheckOptions;
  for (const [index, line] of splitLines(text).entries()) {
    const [, name = '', value = ''] = /^\s*#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$/.exec(line) ?? [];
    const key = name.toLowerCase();
    if (!known.includes(key)) break;
    const at = { file, line: index + 1, col: 1 };
    if (found.has(key)) throw problem(`the directive "${key}" is given twice`, text, at);
    if (key === 'escape' && value !== '\\' && value !== '`')
      throw problem(`"${value}" is not an escape character`, text, at, ['write \\ or `']);
    if (key === 'check') check = readCheckOptions(value, text, at);
    found.set(key, value);
  }
  const syntax = found.get('syntax');
  return {
    escapeToken: found.get('escape') === '`' ? '`' : '\\',
    ...(syntax === undefined ? {} : { syntax }),
    check,
  };
}

/** `skip=A,B;error=true;experimental=all`. Throws SyntaxError with a message for people. */
export function parseCheckOptions(value: string): CheckOptions {
  let options = defaultCheckOptions;
  for (const part of value.split(';')) {
    const [key = '', setting = ''] = part.split(/=(.*)/s).map((each) => each.trim());
    const rules = setting === 'all' ? 'all' : setting.split(',').map((rule) => rule.trim());
    if (key === 'skip') options = { ...options, skip: rules };
    else if (key === 'experimental') options = { ...options, experimental: rules };
    else if (key === 'error' && /^(true|false|1|0)$/i.test(setting))
      options = { ...options, error: /^(true|1)$/i.test(setting) };
    else throw new SyntaxError(`"${part}" is not an option of checks`);
  }
  return options;
}

function readCheckOptions(value: string, text: string, at: SourcePosition): CheckOptions {
  try {
    return parseCheckOptions(value);
  } catch (error) {
    throw problem((error as Error).message, text, at, checkHint);
  }
}

const checkHint = ['for example: # check=skip=JSONArgsRecommended;error=true'];
