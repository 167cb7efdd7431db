// Mutated Compose files: a model or a diagnostic, never a crash. FUZZ_RUNS sets how many.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TcError } from '../../src/base/error.ts';
import { formatCanonical } from '../../src/project/canonical.ts';
import { loadProject } from '../../src/project/load.ts';
import { formatUninterpolated, loadUninterpolated } from '../../src/project/uninterpolated.ts';
import { parseCaseFile } from '../conformance/case-file.ts';
import { createMemoryReader } from '../conformance/memory-reader.ts';

const directory = join(import.meta.dirname, '../conformance');
const seeds = readdirSync(directory)
  .filter((name) => name.endsWith('.cases'))
  .flatMap((name) => parseCaseFile(readFileSync(join(directory, name), 'utf8')).cases)
  .flatMap((one) => one.sections.filter((section) => section.kind === 'file'))
  .map((section) => section.text);

const fragments = [
  ...[
    'null',
    '~',
    '{}',
    '[]',
    '""',
    '-1',
    '0',
    '1.5',
    'true',
    '"${',
    '${A:-',
    '$$',
    '!reset',
    '!override',
    '&a',
    '*a',
  ],
  ...[
    '<<: *a',
    '- ',
    ': ',
    '\n',
    '\t',
    '{',
    '}',
    '[',
    ']',
    '|',
    '>',
    '#',
    '__proto__',
    'constructor',
    'toString',
  ],
  ...[
    'services:',
    'extends: web',
    'include: [compose.yaml]',
    'x-a:',
    'depends_on: [web]',
    'service:web',
    '80:80',
    ' ',
  ],
];

type Edit = { readonly at: number; readonly length: number; readonly text: string };

const edit: fc.Arbitrary<Edit> = fc.record({
  at: fc.nat(1000),
  length: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(12) }),
  text: fc.oneof(fc.constantFrom(...fragments), fc.string({ maxLength: 3 }), fc.constant('')),
});

function mutate(text: string, other: string, edits: readonly Edit[]): string {
  return edits.reduce((current, { at, length, text: inserted }) => {
    const start = at % (current.length + 1);
    const piece = inserted === '' ? other.slice(at % (other.length + 1)).slice(0, 40) : inserted;
    return current.slice(0, start) + piece + current.slice(start + length);
  }, text);
}

function tryLoad(text: string): void {
  const reader = createMemoryReader(new Map([['/p/compose.yaml', text]]));
  const options = {
    files: ['/p/compose.yaml'],
    cwd: '/p',
    profiles: ['*'],
    environment: { A: 'a' },
    projectName: 'p',
  };
  for (const attempt of [
    () => formatCanonical(loadProject(options, reader), 'yaml'),
    () => formatUninterpolated(loadUninterpolated(options, reader).project, 'json'),
  ]) {
    try {
      attempt();
    } catch (error) {
      expect(error).toBeInstanceOf(TcError);
      expect((error as TcError).kind).toBe('user');
      expect((error as TcError).message).not.toMatch(/\[object|`undefined`|: undefined/);
    }
  }
}

describe('a mutated Compose file', () => {
  it('loads or fails with a diagnostic', { timeout: 600_000 }, () => {
    const numRuns = Number(process.env['FUZZ_RUNS'] ?? 2000);
    const edits = fc.array(edit, { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(fc.constantFrom(...seeds), fc.constantFrom(...seeds), edits, (seed, other, changes) => {
        tryLoad(mutate(seed, other, changes));
      }),
      { numRuns },
    );
  });
});
