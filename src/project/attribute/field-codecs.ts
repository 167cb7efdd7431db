// Attribute types that only one or two attributes have.

import { parseDuration } from '../../base/duration.ts';
import { FormatError } from '../syntax/format-error.ts';
import { parseShellWords } from '../syntax/shell-words.ts';
import { isList, isMapping, type Value, valuePlace } from '../text/tree.ts';
import { type Codec, fail, integer, newRecord, type ParseContext, text, toText } from './codec.ts';
import { struct } from './struct-codec.ts';

/** Text is split into words, as a shell would; null stands for the image's own. */
export const command: Codec = {
  absent: { json: null },
  parse(value, context) {
    if (value === null) return null;
    return isList(value) ? value.map(toText) : splitCommand(toText(value), context);
  },
  format: (value, output) => (value === null && output === 'yaml' ? undefined : value),
};

function splitCommand(line: string, context: ParseContext): string[] | undefined {
  try {
    const { words, cutAt } = parseShellWords(line);
    if (cutAt !== undefined) warnCut(line, words, cutAt, context);
    return words;
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return fail(context, `cannot be split into words: ${error.message}`, error.hints);
  }
}

function warnCut(line: string, words: readonly string[], operator: string, context: ParseContext): void {
  context.diagnostics.warn({
    code: 'command-cut',
    message: `${context.path} ends before \`${operator}\`: no shell reads it, so it becomes ${JSON.stringify(words)}`,
    at: context.at,
    hints: [
      `to run a shell, write ["sh", "-c", ${JSON.stringify(line)}]; to pass the character on, quote it`,
    ],
  });
}

/** Text is a line for the image's shell. */
export const healthTest: Codec = {
  parse: (value) => (isList(value) ? value.map(toText) : ['CMD-SHELL', toText(value)]),
  format: (value) => ((value as unknown[]).length === 0 ? undefined : value),
};

const plainMode = integer({ min: 0 });

/** Text is octal; a number is what YAML made of it (`0440` is 288). */
export const fileMode: Codec = {
  parse(value, context) {
    if (typeof value !== 'string') return plainMode.parse(value, context);
    const isOctal = /^(0o)?[0-7]+$/.test(value);
    const hints = ['write it in octal: "0440"'];
    return isOctal
      ? Number.parseInt(value.replace('0o', ''), 8)
      : fail(context, `is no file mode: "${value}"`, hints);
  },
  format: (value) => `0${Number(value).toString(8)}`,
};

export const mountMode: Codec = { parse: fileMode.parse, format: plainMode.format };

const bounds = struct(
  { soft: integer({ stated: true }), hard: integer({ stated: true }) },
  { whenEmpty: 'always' },
);
const oneBound = integer({ stated: true });

export const ulimit: Codec = {
  parse(value, context) {
    if (isMapping(value)) return bounds.parse(value, context);
    const limit = oneBound.parse(value, context);
    return limit === undefined ? undefined : { single: true, soft: limit, hard: limit };
  },
  format(value, output) {
    const { single, soft, ...rest } = value as { single?: true; soft: number; hard: number };
    return single && soft !== 0 ? soft : bounds.format({ soft, ...rest }, output);
  },
};

/** Format 2 took durations where today there are microseconds. */
export const microseconds: Codec = {
  parse(value, context) {
    const span = typeof value === 'string' && !/^-?\d+$/.test(value) ? parseDuration(value) : undefined;
    if (span === undefined) return integer().parse(value, context);
    context.diagnostics.warn({
      code: 'key-deprecated',
      message: `${context.path} is a duration, as in format 2`,
      at: context.at,
      hints: [`write ${span / 1000}, in microseconds`],
    });
    return span / 1000;
  },
  format: integer().format,
};

/** `all` is -1. */
export const deviceCount: Codec = {
  parse(value, context) {
    if (String(value).toLowerCase() === 'all') return -1;
    return integer().parse(value, context) ?? undefined;
  },
  format: (value) => (value === 0 ? undefined : value),
};

/** Key id -> path; null: the agent's. */
export const sshKeys: Codec = {
  parse(value, context) {
    if (!isMapping(value)) return fail(context, 'must be a mapping');
    const keys = newRecord();
    for (const id of Object.keys(value)) {
      const path: Value = value[id] ?? null;
      keys[id] = path === null ? null : text.parse(path, { ...context, at: valuePlace(value, id) });
    }
    return keys;
  },
  format(value) {
    const keys = Object.entries(value as Record<string, string | null>).sort(([a], [b]) => (a < b ? -1 : 1));
    return keys.length === 0 ? undefined : keys.map(([id, path]) => (path ? `${id}=${path}` : id));
  },
};

/** Null means a namespace of its own, as leaving it out does. */
export const pidMode: Codec = {
  parse: (value) => (value === null ? undefined : toText(value)),
  format: text.format,
};

/** One text, or several. */
export const textOrTexts: Codec = {
  parse: (value) => (isList(value) ? value.map(toText) : [toText(value)]),
  format: (value) => value,
};

/** A config or a secret that a service mounts. */
export const fileReference = struct(
  { source: text, target: text, uid: text, gid: text, mode: fileMode },
  { whenEmpty: 'always' },
);
