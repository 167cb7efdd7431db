// Mutated Compose files: a model or a diagnostic, never a crash. FUZZ_RUNS sets how many.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TcError } from '../../src/base/error.ts';
import { formatCanonical } from '../../src/project/canonical.ts';
import { explainValues } from '../../src/project/explain.ts';
import { loadProject } from '../../src/project/load.ts';
import { formatUninterpolated, loadUninterpolated } from '../../src/project/uninterpolated.ts';
import { upgradeFile } from '../../src/project/upgrade.ts';
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

/** One file, or several that are merged. */
function tryLoad(...texts: readonly string[]): void {
  const files = new Map(texts.map((text, index) => [`/p/${index}.yaml`, text]));
  const reader = createMemoryReader(files);
  const options = {
    files: [...files.keys()],
    cwd: '/p',
    profiles: ['*'],
    environment: { A: 'a' },
    projectName: 'p',
  };
  for (const attempt of [
    () => formatCanonical(loadProject(options, reader), 'yaml'),
    () => formatUninterpolated(loadUninterpolated(options, reader).project, 'json'),
    () => explainValues(options, reader, ['services']),
    () => texts.map((text, index) => upgradeFile(`/p/${index}.yaml`, text)),
  ]) {
    const before = performance.now();
    try {
      attempt();
    } catch (error) {
      expect(error).toBeInstanceOf(TcError);
      expect((error as TcError).kind).toBe('user');
      expect((error as TcError).message).not.toMatch(/\[object|`undefined`|: undefined/);
    }
    // A case takes a few milliseconds; this is about one that never ends.
    expect(performance.now() - before).toBeLessThan(20_000);
  }
}

/** Parts of the files as YAML nodes: any may stand in for any other. */
const nodes = [
  ...new Set(
    seeds.flatMap(
      (text) => text.match(/(?<=[:,[{] )(?:\{[^{}\n]*\}|\[[^[\]\n]*\]|"[^"\n]*"|[\w./-]+)/g) ?? [],
    ),
  ),
];

/** Puts other nodes where nodes are, so that the YAML stays right and its meaning does not. */
function exchange(text: string, swaps: readonly Edit[]): string {
  return swaps.reduce((current, { at, length }) => {
    const found = [...current.matchAll(/(?<=[:,[{] )(?:\{[^{}\n]*\}|\[[^[\]\n]*\]|"[^"\n]*"|[\w./-]+)/g)];
    const target = found[at % Math.max(1, found.length)];
    const node = nodes[(at * 31 + length) % nodes.length] ?? '';
    if (!target) return current;
    return current.slice(0, target.index) + node + current.slice(target.index + target[0].length);
  }, text);
}

const numRuns = Number(process.env['FUZZ_RUNS'] ?? 500);
const seed = fc.constantFrom(...seeds);
const edits = fc.array(edit, { minLength: 1, maxLength: 5 });

describe('a mutated Compose file', () => {
  it('loads or fails with a diagnostic', { timeout: 600_000 }, () => {
    fc.assert(
      fc.property(seed, seed, edits, (text, other, changes) => tryLoad(mutate(text, other, changes))),
      { numRuns },
    );
  });

  it('loads or fails with a diagnostic when its values are exchanged for others', {
    timeout: 600_000,
  }, () => {
    fc.assert(
      fc.property(seed, edits, (text, swaps) => tryLoad(exchange(text, swaps))),
      { numRuns },
    );
  });

  it('loads or fails with a diagnostic when it is merged over another one', { timeout: 600_000 }, () => {
    fc.assert(
      fc.property(seed, seed, edits, (one, two, swaps) => tryLoad(one, exchange(two, swaps))),
      { numRuns },
    );
  });
});
