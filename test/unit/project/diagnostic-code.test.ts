// docs/errors.md and the codes of errors and warnings: the closed set of the loader is all there, and nothing is there
// that no source has.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '../../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');

const documented = read('docs/errors.md')
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .flatMap((line) =>
    [...(line.split('|')[1] ?? '').matchAll(/`([a-z0-9-]+)`/g)].map((match) => match[1] ?? ''),
  );

it('documents every diagnostic code of the loader', () => {
  const matches = [...read('src/project/diagnostic/diagnostic-code.ts').matchAll(/^ {2}\| '([a-z0-9-]+)'/gm)];
  const codes = matches.map((match) => match[1] ?? '');
  expect(codes.length).toBeGreaterThan(50);
  expect(codes.filter((code) => !documented.includes(code))).toEqual([]);
});

it('documents every code of images and registries', () => {
  const rooms = ['src/image', 'src/engine/image', 'src/app/image', 'src/app/container', 'src/app/registry'];
  const text = rooms
    .flatMap((room) =>
      readdirSync(join(root, room), { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.ts'))
        .map((file) => read(join(room, file))),
    )
    .join('\n');
  // As an option of an error, or as the first argument of the function that makes one.
  const codes = [...text.matchAll(/\bcode: '([a-z0-9-]+)'|\b(?:error|make)\(\s*'([a-z0-9-]+)'/g)].map(
    (match) => match[1] ?? match[2] ?? '',
  );
  expect(new Set(codes).size).toBeGreaterThan(40);
  expect(codes.filter((code) => !documented.includes(code))).toEqual([]);
});

it('documents no code that does not exist', () => {
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => read(join('src', file)))
    .join('\n');
  expect(documented.filter((code) => !sources.includes(`'${code}'`))).toEqual([]);
});
