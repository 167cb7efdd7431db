// Checks of FROM. Pure.

import { findNearest } from '../../base/suggest.ts';
import type { ArgInstruction, FromInstruction } from '../dockerfile/instruction.ts';
import { type Expanded, expandWord } from '../dockerfile/shell-words.ts';
import { formatPlatformText, type GlobalScope, type PlatformText, type Variables } from '../stage/scope.ts';
import type { Checks } from './checks.ts';

export function checkFromVariables(
  from: FromInstruction,
  unset: readonly string[],
  { variables, declared }: GlobalScope,
  checks: Checks,
): void {
  for (const name of unset) {
    if (declared.has(name)) continue;
    const near = findNearest(name, [...variables.keys(), ...declared]);
    const hint = near === undefined ? '' : ` (did you mean ${near}?)`;
    checks.report('UndefinedArgInFrom', from, `FROM argument '${name}' is not declared${hint}`);
  }
}

/** `expanded`: of the flag's value. */
export function checkFromPlatform(
  from: FromInstruction,
  expanded: Expanded,
  target: PlatformText,
  checks: Checks,
): void {
  const written = from.platform ?? '';
  const isVariable = /^\$\{?TARGETPLATFORM\b/.test(written);
  if (isVariable && expanded.text === formatPlatformText(target)) {
    const message = `Setting platform to predefined ${written} in FROM is redundant as this is the default behavior`;
    checks.report('RedundantTargetPlatform', from, message);
  }
  if (written.includes('$')) return;
  const [os = '', architecture = ''] = written.split('/');
  const isNamed = [os, architecture].some((part) => part !== '' && from.stage?.includes(part.toLowerCase()));
  if (isNamed) return;
  const message = `FROM --platform flag should not use constant value "${written}"`;
  checks.report('FromPlatformFlagConstDisallowed', from, message);
}

/** A FROM must make sense without any `--build-arg`. */
export function checkDefaultBases(
  froms: readonly FromInstruction[],
  globalArgs: readonly ArgInstruction[],
  predefined: Variables,
  escapeToken: string,
  checks: Checks,
): void {
  const variables = new Map(predefined);
  const expand = (word: string) => {
    try {
      return expandWord(word, { escapeToken, lookup: (name) => variables.get(name) }).text;
    } catch {
      // What is wrong with it is said where it is used.
      return word;
    }
  };
  for (const { name, value } of globalArgs.flatMap(({ args }) => args)) {
    if (value !== undefined) variables.set(name, expand(value));
  }
  for (const from of froms) {
    const image = expand(from.image);
    if (/^[\w.:@/[\]-]+$/.test(image) && !/[:/@.]$|^[:/@.]|\/\/|:@/.test(image)) continue;
    const message = `Default value for ARG ${from.image} results in empty or invalid base image name`;
    checks.report('InvalidDefaultArgInFrom', from, message);
  }
}
