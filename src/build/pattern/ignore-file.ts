// .dockerignore: which files of a context a build does not see. Pure.

import { posix } from 'node:path';
import { problem } from '../dockerfile/problem.ts';
import { PatternList } from './pattern-list.ts';

/** What is looked for beside a Dockerfile and in its context, in this order. */
export function listIgnoreFiles(context: string, dockerfile: string): string[] {
  return [`${dockerfile}.dockerignore`, posix.join(context, '.dockerignore')];
}

export function parseIgnoreFile(file: string, text: string): PatternList {
  const lines = text.replace(/^\uFEFF/, '').split('\n');
  const patterns: string[] = [];
  for (const [index, line] of lines.entries()) {
    const pattern = normalizeLine(line);
    if (pattern === undefined) continue;
    try {
      new PatternList([pattern]);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw problem(error.message, text, { file, line: index + 1, col: 1 });
    }
    patterns.push(pattern);
  }
  return new PatternList(patterns);
}

/** Undefined: a comment, or nothing. */
function normalizeLine(line: string): string | undefined {
  const trimmed = line.trim();
  if (line.startsWith('#') || trimmed === '') return undefined;
  const isException = trimmed.startsWith('!');
  const pattern = isException ? trimmed.slice(1).trim() : trimmed;
  const clean = pattern === '' ? '' : posix.normalize(pattern).replace(/(?<=.)\/$/, '');
  return `${isException ? '!' : ''}${clean.length > 1 ? clean.replace(/^\//, '') : clean}`;
}
