// `RUN --mount=type=...,...`, its variables expanded. Pure; throws SyntaxError with a message for people.

import { findNearest } from '../../base/suggest.ts';
import { parseBytes } from '../../base/units.ts';

export type MountType = 'bind' | 'cache' | 'tmpfs' | 'secret' | 'ssh';

export interface MountOption {
  readonly type: MountType;
  readonly from?: string;
  readonly source?: string;
  readonly target?: string;
  readonly readOnly: boolean;
  readonly required: boolean;
  readonly id?: string;
  readonly sharing?: 'shared' | 'private' | 'locked';
  /** Bytes, of a tmpfs. */
  readonly size?: number;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  /** Variable that a secret is put into; empty: named as its id. */
  readonly env?: string;
}

type Draft = { -readonly [K in keyof MountOption]?: MountOption[K] };

/** Fields between commas; quotes hold commas together, doubled they are themselves. */
export function parseCsv(text: string): string[] {
  const fields = text.match(/(?:"(?:[^"]|"")*"?|[^,"])+/g) ?? [];
  return fields.map((field) =>
    field.replace(/"((?:[^"]|"")*)"?/g, (_, inner: string) => inner.replaceAll('""', '"')),
  );
}

const types: readonly MountType[] = ['bind', 'cache', 'tmpfs', 'secret', 'ssh'];
const sharings = ['shared', 'private', 'locked'] as const;

type Read = (draft: Draft, value: string, key: string) => void;

const readFlag = (
  draft: Draft,
  name: 'readOnly' | 'required',
  value: string,
  key: string,
  negate = false,
): void => {
  if (!/^(true|false|1|0)$/i.test(value)) throw new SyntaxError(`${key} is true or false, not "${value}"`);
  draft[name] = /^(true|1)$/i.test(value) !== negate;
};

const readNumber = (name: 'mode' | 'uid' | 'gid', pattern: RegExp, base: number): Read => {
  return (draft, value, key) => {
    if (!pattern.test(value)) throw new SyntaxError(`${key}: "${value}" is not a number`);
    draft[name] = Number.parseInt(value, base);
  };
};

const readers: Readonly<Record<string, Read>> = {
  type: (draft, value) => {
    draft.type = oneOf('type of a mount', value.toLowerCase(), types);
  },
  from: (draft, value) => {
    if (/\$./.test(value))
      throw new SyntaxError('from= takes no variables; name a stage `FROM $... AS name`');
    draft.from = value;
  },
  source: (draft, value) => {
    draft.source = value;
  },
  target: (draft, value) => {
    draft.target = value;
  },
  readonly: (draft, value, key) => readFlag(draft, 'readOnly', value, key),
  readwrite: (draft, value, key) => readFlag(draft, 'readOnly', value, key, true),
  required: (draft, value, key) => readFlag(draft, 'required', value, key),
  id: (draft, value) => {
    draft.id = value;
  },
  sharing: (draft, value) => {
    draft.sharing = oneOf('sharing', value.toLowerCase(), sharings);
  },
  size: (draft, value) => {
    const size = parseBytes(value);
    if (size === undefined) throw new SyntaxError(`size: "${value}" is not a size`);
    draft.size = size;
  },
  mode: readNumber('mode', /^[0-7]+$/, 8),
  uid: readNumber('uid', /^\d+$/, 10),
  gid: readNumber('gid', /^\d+$/, 10),
  env: (draft, value) => {
    draft.env = value;
  },
};

const aliases: Readonly<Record<string, string>> = {
  src: 'source',
  dst: 'target',
  destination: 'target',
  ro: 'readonly',
  rw: 'readwrite',
};

/** May stand without a value. */
const bare = ['readonly', 'readwrite', 'required'];

export function parseMountOption(text: string): MountOption {
  const draft: Draft = {};
  for (const field of parseCsv(text)) {
    const [, written = '', value] = /^([^=]*)(?:=(.*))?$/s.exec(field) ?? [];
    const key = aliases[written.toLowerCase()] ?? written.toLowerCase();
    const read = Object.hasOwn(readers, key) ? readers[key] : undefined;
    if (read === undefined) throw unknownKey(written);
    if (value === undefined && !bare.includes(key))
      throw new SyntaxError(`"${field}" is not of the form key=value`);
    read(draft, value ?? 'true', written);
  }
  const type = draft.type ?? 'bind';
  checkFields(type, draft);
  const readOnly = draft.readOnly ?? !['cache', 'tmpfs'].includes(type);
  return { ...draft, type, readOnly, required: draft.required === true };
}

function oneOf<T extends string>(what: string, value: string, known: readonly T[]): T {
  const found = known.find((each) => each === value);
  if (found !== undefined) return found;
  const near = findNearest(value, known);
  const hint = near === undefined ? `: ${known.join(', ')}` : ` (did you mean ${near}?)`;
  throw new SyntaxError(`"${value}" is not a ${what}${hint}`);
}

function unknownKey(key: string): SyntaxError {
  const near = findNearest(key, [...Object.keys(readers), ...Object.keys(aliases)]);
  return new SyntaxError(`a mount has no "${key}"${near === undefined ? '' : ` (did you mean ${near}?)`}`);
}

/** Which keys belong to which types only. */
const owners: Readonly<Record<string, readonly MountType[]>> = {
  size: ['tmpfs'],
  required: ['secret', 'ssh'],
  sharing: ['cache'],
  mode: ['cache', 'secret', 'ssh'],
  uid: ['cache', 'secret', 'ssh'],
  gid: ['cache', 'secret', 'ssh'],
  env: ['secret'],
};

function checkFields(type: MountType, draft: Draft): void {
  for (const [key, allowed] of Object.entries(owners)) {
    if (draft[key as keyof Draft] !== undefined && !allowed.includes(type))
      throw new SyntaxError(`a mount of type ${type} has no "${key}"`);
  }
  if (type === 'secret') {
    if (draft.from !== undefined) throw new SyntaxError('a secret comes from the build, not from a stage');
    if (draft.source !== undefined && draft.id !== undefined)
      throw new SyntaxError('id and source of a secret are the same: give one');
    if (draft.id === undefined && draft.source === undefined && draft.target === undefined)
      throw new SyntaxError('a secret needs an id or a target');
  } else if (type !== 'ssh' && draft.target === undefined) {
    throw new SyntaxError(`a mount of type ${type} needs a target`);
  }
}
