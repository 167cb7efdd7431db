// Names and values that an instruction may use. Pure.

import type { SourcePosition } from '../../base/error.ts';
import type { ArgInstruction } from '../dockerfile/instruction.ts';
import { problem } from '../dockerfile/problem.ts';
import { type Expanded, expandWord, type WordOptions } from '../dockerfile/shell-words.ts';

/** What every expansion in a file shares. */
export interface Language {
  readonly text: string;
  readonly escapeToken: string;
}

export type Variables = ReadonlyMap<string, string>;

/** Errors name the place. */
export function expandAt(
  word: string,
  variables: Variables,
  { text, escapeToken }: Language,
  at: SourcePosition,
  options: Partial<WordOptions> = {},
): Expanded {
  try {
    return expandWord(word, { escapeToken, lookup: (name) => variables.get(name), ...options });
  } catch (error) {
    if (error instanceof SyntaxError) throw problem(`"${word}": ${error.message}`, text, at);
    throw error;
  }
}

export interface PlatformText {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string | undefined;
}

export function formatPlatformText({ os, architecture, variant }: PlatformText): string {
  return [os, architecture, ...(variant ? [variant] : [])].join('/');
}

/** The arguments that every build has; a stage gets them by declaring them. */
export function predefinedArgs(
  build: PlatformText,
  target: PlatformText,
  stage: string,
): Map<string, string> {
  const describe = (prefix: string, platform: PlatformText): [string, string][] => [
    [`${prefix}PLATFORM`, formatPlatformText(platform)],
    [`${prefix}OS`, platform.os],
    [`${prefix}ARCH`, platform.architecture],
    [`${prefix}VARIANT`, platform.variant ?? ''],
  ];
  return new Map([
    ...describe('BUILD', build),
    ...describe('TARGET', target),
    ['TARGETSTAGE', stage || 'default'],
  ]);
}

const proxyNames = ['HTTP_PROXY', 'HTTPS_PROXY', 'FTP_PROXY', 'NO_PROXY', 'ALL_PROXY'];

/**
 * Given with the build in either spelling and passed to every command in both, as programs read one or the other; they
 * change no image and no cache key.
 */
export function proxyVariables(args: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    proxyNames.flatMap((name) => {
      const value = args[name] ?? args[name.toLowerCase()];
      return value === undefined ? [] : [name, name.toLowerCase()].map((each) => [each, value]);
    }),
  );
}

export interface GlobalScope {
  readonly variables: Variables;
  /** Those that the file itself declares. */
  readonly declared: ReadonlySet<string>;
}

export function resolveGlobalArgs(
  globalArgs: readonly ArgInstruction[],
  predefined: Variables,
  given: Readonly<Record<string, string>>,
  language: Language,
): GlobalScope {
  const variables = new Map(predefined);
  const declared = new Set<string>();
  for (const { args, at } of globalArgs) {
    for (const { name, value } of args) {
      declared.add(name);
      const word = expandAt(name, variables, language, at).text;
      const expanded = value === undefined ? undefined : expandAt(value, variables, language, at).text;
      const result = given[word] ?? expanded;
      if (result !== undefined) variables.set(word, result);
    }
  }
  return { variables, declared };
}
