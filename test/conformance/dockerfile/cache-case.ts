// What is done again: two builds of one context, and what has changed in between.
//
// A case is two of those of case.ts with a line `=====` between them. What comes of it are the steps that the second
// build does again, one a line. `base` gets a step of its own in each case, so that no case knows another's steps.

import { type Case, parseCase } from './case.ts';

export interface CacheCase {
  readonly first: Case;
  readonly second: Case;
}

export function parseCacheCase(input: string, salt: string): CacheCase {
  const [first = '', second = ''] = input.split(/^={5}\n/m).map((text) => parseCase(text));
  if (typeof first === 'string' || typeof second === 'string') throw new Error('a case has two builds');
  return { first: addSalt(first, salt), second: addSalt(second, salt) };
}

function addSalt({ dockerfile, ...rest }: Case, salt: string): Case {
  return { ...rest, dockerfile: dockerfile.replace(/^FROM base\b.*$/gm, `$&\nRUN echo ${salt} > /salt`) };
}

/** `[web 2/5] COPY . .` -> `COPY . .` */
export function stepName(title: string): string {
  return title
    .replace(/^\[[^\]]*\] /, '')
    .replace(/^RUN echo [0-9a-f]{16} > \/salt$/, 'the step of the case')
    .replace(/ \(.*\)$/, '')
    .replace(/\s+/g, ' ');
}

/** Of the plain progress of Docker: the steps that it has not found in its cache. */
export function listDone(progress: string): string[] {
  const names = new Map<string, string>();
  for (const line of progress.split('\n')) {
    const [, vertex = '', name] = /^#(\d+) (\[(?!internal)[^\]]*\d+\/\d+\] .*)$/.exec(line) ?? [];
    if (name !== undefined && !/\] FROM /.test(name)) names.set(vertex, stepName(name));
    const [, cached = ''] = /^#(\d+) CACHED$/.exec(line) ?? [];
    names.delete(cached);
  }
  return [...new Set(names.values())];
}
