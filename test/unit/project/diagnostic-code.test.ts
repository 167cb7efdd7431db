// docs/errors.md and the closed set of codes are one list.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '../../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');

it('documents every diagnostic code, and no other', () => {
  const codes = [...read('src/project/diagnostic/diagnostic-code.ts').matchAll(/^ {2}\| '([a-z0-9-]+)'/gm)];
  const rows = [...read('docs/errors.md').matchAll(/^\| `([a-z0-9-]+)` \|/gm)];
  const names = (matches: RegExpMatchArray[]) => matches.map((match) => match[1]).sort();
  expect(names(rows)).toEqual(names(codes));
  expect(rows.length).toBeGreaterThan(50);
});
