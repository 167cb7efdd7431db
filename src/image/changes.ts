// `--change` of import and commit: one instruction of a Dockerfile each, applied to an image's config. Pure.

import { TcError } from '../base/error.ts';

/** The `config` member of an image config, as JSON. */
export type RawConfig = Readonly<Record<string, unknown>>;

type Apply = (config: RawConfig, rest: string, change: string) => RawConfig;

export function applyChanges(config: RawConfig, changes: readonly string[]): RawConfig {
  return changes.reduce((before, change) => {
    const [, name = '', rest = ''] = /^\s*(\w+)\s+(.*)$/s.exec(change) ?? [];
    const apply = instructions[name.toUpperCase()];
    if (apply === undefined) throw invalid(change, `"${name}" is not an instruction that changes a config`);
    return apply(before, rest.trim(), change);
  }, config);
}

const instructions: Readonly<Record<string, Apply>> = {
  CMD: (config, rest) => ({ ...config, Cmd: parseCommand(rest) }),
  ENTRYPOINT: (config, rest) => ({ ...config, Entrypoint: parseCommand(rest) }),
  ENV: (config, rest, change) => ({
    ...config,
    Env: mergeEnvironment(config['Env'], parsePairs(rest, change)),
  }),
  EXPOSE: (config, rest, change) => ({
    ...config,
    ExposedPorts: {
      ...asObject(config['ExposedPorts']),
      ...keys(splitWords(rest).map((port) => toPort(port, change))),
    },
  }),
  LABEL: (config, rest, change) => ({
    ...config,
    Labels: { ...asObject(config['Labels']), ...Object.fromEntries(parsePairs(rest, change)) },
  }),
  ONBUILD: (config, rest) => ({ ...config, OnBuild: [...asList(config['OnBuild']), rest] }),
  STOPSIGNAL: (config, rest) => ({ ...config, StopSignal: rest }),
  USER: (config, rest) => ({ ...config, User: rest }),
  VOLUME: (config, rest) => ({
    ...config,
    Volumes: { ...asObject(config['Volumes']), ...keys(parseJsonList(rest) ?? splitWords(rest)) },
  }),
  WORKDIR: (config, rest) => ({ ...config, WorkingDir: joinDirectory(config['WorkingDir'], rest) }),
  HEALTHCHECK: (config, rest, change) => ({ ...config, Healthcheck: parseHealthcheck(rest, change) }),
};

function parseCommand(text: string): string[] {
  return parseJsonList(text) ?? ['/bin/sh', '-c', text];
}

/** Undefined: the shell form. */
function parseJsonList(text: string): string[] | undefined {
  if (!text.startsWith('[')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every((each) => typeof each === 'string') ? value : undefined;
  } catch {
    return undefined;
  }
}

function mergeEnvironment(before: unknown, pairs: readonly (readonly [string, string])[]): string[] {
  const names = new Set(pairs.map(([name]) => name));
  const kept = asList(before).filter((each) => !names.has(String(each).split('=')[0] ?? ''));
  return [...kept.map(String), ...pairs.map(([name, value]) => `${name}=${value}`)];
}

/** `a=b "c d"=e`, or the old form `a b c`: a is `b c`. */
function parsePairs(text: string, change: string): [string, string][] {
  const words = splitWords(text);
  const [first = ''] = words;
  if (first === '') throw invalid(change, 'it names nothing');
  if (!first.includes('=')) {
    const value = text.slice(text.indexOf(first) + first.length).trim();
    if (value === '') throw invalid(change, `"${first}" has no value`);
    return [[first, value]];
  }
  return words.map((word) => {
    const equals = word.indexOf('=');
    if (equals <= 0) throw invalid(change, `"${word}" is not NAME=VALUE`);
    return [word.slice(0, equals), word.slice(equals + 1)];
  });
}

/** Split at blanks; quotes and backslashes as in a Dockerfile. */
function splitWords(text: string): string[] {
  const words: string[] = [];
  for (const [word] of text.matchAll(/(?:"(?:\\.|[^"\\])*"|'[^']*'|\\.|[^\s"'\\])+/gs)) {
    words.push(
      word.replace(
        /"((?:\\.|[^"\\])*)"|'([^']*)'|\\(.)/gs,
        (_, double?: string, single?: string, escaped?: string) =>
          double === undefined ? (single ?? escaped ?? '') : double.replace(/\\(["\\$])/g, '$1'),
      ),
    );
  }
  return words;
}

function toPort(text: string, change: string): string {
  if (!/^[0-9]{1,5}(-[0-9]{1,5})?(\/(tcp|udp|sctp))?$/.test(text))
    throw invalid(change, `"${text}" is not a port`);
  return text.includes('/') ? text : `${text}/tcp`;
}

function joinDirectory(before: unknown, text: string): string {
  if (text.startsWith('/')) return text;
  const base = typeof before === 'string' && before !== '' ? before : '/';
  return `${base.replace(/\/$/, '')}/${text}`;
}

const durations: Readonly<Record<string, string>> = {
  interval: 'Interval',
  timeout: 'Timeout',
  'start-period': 'StartPeriod',
  'start-interval': 'StartInterval',
};

function parseHealthcheck(text: string, change: string): RawConfig {
  if (/^none$/i.test(text)) return { Test: ['NONE'] };
  let rest = text;
  let healthcheck: RawConfig = {};
  for (let flag = takeFlag(rest); flag; flag = takeFlag(rest)) {
    const { name, value } = flag;
    const key = durations[name];
    if (key !== undefined) healthcheck = { ...healthcheck, [key]: parseNanoseconds(value, change) };
    else if (name === 'retries') healthcheck = { ...healthcheck, Retries: Number.parseInt(value, 10) };
    else throw invalid(change, `"--${name}" is not an option of HEALTHCHECK`);
    rest = rest.slice(flag.length).trim();
  }
  const command = /^cmd\s+(.*)$/is.exec(rest)?.[1]?.trim();
  if (command === undefined) throw invalid(change, 'after HEALTHCHECK comes NONE or CMD');
  const list = parseJsonList(command);
  return { Test: list ? ['CMD', ...list] : ['CMD-SHELL', command], ...healthcheck };
}

function takeFlag(text: string): { name: string; value: string; length: number } | undefined {
  const [whole, name = '', value = ''] = /^--([a-z-]+)=(\S+)/.exec(text) ?? [];
  return whole === undefined ? undefined : { name, value, length: whole.length };
}

const unitNanoseconds: Readonly<Record<string, number>> = {
  h: 3.6e12,
  m: 6e10,
  s: 1e9,
  ms: 1e6,
  us: 1e3,
  ns: 1,
};

function parseNanoseconds(text: string, change: string): number {
  const parts = [...text.matchAll(/([0-9]+(?:\.[0-9]+)?)(h|ms|m|s|us|ns)/g)];
  if (parts.length === 0 || parts.map(([whole]) => whole).join('') !== text)
    throw invalid(change, `"${text}" is not a duration such as 1m30s`);
  return parts.reduce(
    (sum, [, number, unit = 's']) => sum + Number(number) * (unitNanoseconds[unit] ?? 0),
    0,
  );
}

function keys(names: readonly string[]): Record<string, object> {
  return Object.fromEntries(names.map((name) => [name, {}]));
}

function asObject(value: unknown): RawConfig {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as RawConfig) : {};
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function invalid(change: string, why: string): TcError {
  return new TcError(`"${change}" is not a change of an image: ${why}`, {
    code: 'invalid-change',
    exitCode: 2,
    hints: [
      'write an instruction of a Dockerfile: CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME or WORKDIR',
    ],
  });
}
