// `[SOURCE:]TARGET[:OPTIONS]` of a service's volumes. Source: compose-spec 05-services.md, volumes, and the parser of
// compose-go for what the text leaves open.

import { cleanPath } from '../../base/path.ts';
import { FormatError } from './format-error.ts';

export interface MountSpec {
  readonly type: 'bind' | 'volume';
  readonly source?: string;
  readonly target: string;
  readonly readOnly?: boolean;
  readonly nocopy?: boolean;
  readonly propagation?: string;
  readonly selinux?: string;
  /** Options that mean nothing anywhere: Docker Compose ignores them. */
  readonly ignored: readonly string[];
}

const propagations = ['rprivate', 'private', 'rshared', 'shared', 'rslave', 'slave'];

export const mountOptions: readonly string[] = ['ro', 'rw', 'nocopy', 'z', 'Z', ...propagations];

/** Hints for Docker Desktop on macOS, without meaning on Linux. */
const consistencies = ['cached', 'delegated', 'consistent'];

/** Throws FormatError. */
export function parseMount(text: string): MountSpec {
  if (text === '') throw new FormatError('an empty mount', ['write SOURCE:TARGET']);
  const [first = '', second, options, ...rest] = splitMount(text);
  if (rest.length > 0) {
    throw new FormatError(`too many colons in \`${text}\``, [
      'write SOURCE:TARGET:OPTIONS, or the long form',
    ]);
  }
  if (first === '' || second === '' || options === '') {
    throw new FormatError(`nothing between two colons in \`${text}\``, ['write SOURCE:TARGET:OPTIONS']);
  }
  if (second === undefined) return { type: 'volume', target: cleanPath(first), ignored: [] };
  return {
    type: isFilePath(first) ? 'bind' : 'volume',
    source: first,
    target: cleanPath(second),
    ...parseOptions(options),
  };
}

/** At colons, save those of a Windows drive and inside `${...}`, which stays when nothing is interpolated. */
function splitMount(text: string): string[] {
  const parts: string[] = [];
  let part = '';
  let braces = 0;
  for (let i = 0; i < text.length; i++) {
    const character = text[i] ?? '';
    if (character === '$' && text[i + 1] === '{') braces++;
    else if (character === '}' && braces > 0) braces--;
    if (character === ':' && braces === 0 && !/^[a-zA-Z]$/.test(part)) {
      parts.push(part);
      part = '';
    } else part += character;
  }
  return [...parts, part];
}

function parseOptions(text: string | undefined): Omit<MountSpec, 'type' | 'source' | 'target'> {
  const options = text?.split(',') ?? [];
  const access = options.findLast((option) => option === 'ro' || option === 'rw');
  const propagation = options.findLast((option) => propagations.includes(option));
  const selinux = options.findLast((option) => option === 'z' || option === 'Z');
  return {
    ...(access === 'ro' ? { readOnly: true } : {}),
    ...(options.includes('nocopy') ? { nocopy: true } : {}),
    ...(propagation ? { propagation } : {}),
    ...(selinux ? { selinux } : {}),
    ignored: options.filter((option) => !mountOptions.includes(option) && !consistencies.includes(option)),
  };
}

function isFilePath(source: string): boolean {
  return /^[./~]|^\\\\|^[a-zA-Z]:/.test(source);
}
