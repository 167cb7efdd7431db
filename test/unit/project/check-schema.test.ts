// Our reading of the schema against that of a validator of the trade: the same violations at the same places, on all
// files of the conformance suite and on values put where they do not belong.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Diagnostics } from '../../../src/project/diagnostic/diagnostics.ts';
import { checkSchema } from '../../../src/project/schema/check-schema.ts';
import { Sources } from '../../../src/project/text/source-text.ts';
import { type Mapping, type Path, setEntry, type Value } from '../../../src/project/text/tree.ts';
import { parseYaml } from '../../../src/project/text/yaml.ts';
import { parseCaseFile } from '../../conformance/case-file.ts';

const root = join(import.meta.dirname, '../../..');
const schema = JSON.parse(readFileSync(join(root, 'schemas/compose.schema.json'), 'utf8')) as object;
const validate = new Ajv2020({ allErrors: true, allowUnionTypes: true }).compile(schema);

const suite = join(root, 'test/conformance');
const texts = readdirSync(suite)
  .filter((file) => file.endsWith('.cases'))
  .flatMap((file) => parseCaseFile(readFileSync(join(suite, file), 'utf8')).cases)
  .flatMap((one) => one.sections)
  .filter(({ kind }) => kind === 'file')
  .map(({ text }) => text);

function parse(text: string): Mapping[] {
  const sources = new Sources();
  return parseYaml(sources.add('compose.yaml', text), new Diagnostics(sources));
}

function ours(tree: Value): string[] {
  return checkSchema(tree)
    .map(({ at, keyword, path }) => describe(path, keyword, keyword === 'uniqueItems' ? undefined : at))
    .sort();
}

const keywords: Readonly<Record<string, string>> = { additionalProperties: 'unknown' };

function theirs(tree: Value): string[] {
  // A copy with ordinary prototypes, which the library relies on.
  validate(JSON.parse(JSON.stringify(tree)));
  return (validate.errors ?? [])
    .map(({ instancePath, keyword, params }) => {
      const path = instancePath.split('/').slice(1);
      const steps = path.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
      return describe(
        steps,
        keywords[keyword] ?? keyword,
        params['additionalProperty'] ?? params['missingProperty'],
      );
    })
    .sort();
}

function describe(path: Path, keyword: string, at: unknown): string {
  return `${path.join('/')} ${keyword}${at === undefined ? '' : ` ${at}`}`;
}

it('finds what a JSON Schema validator finds in every file of the suite', () => {
  const trees = texts.flatMap(parse);
  expect(trees.length).toBeGreaterThan(500);
  for (const tree of trees) expect(ours(tree)).toEqual(theirs(tree));
});

it.each(['[[], {}]', '[[[a, 1]], {a: 1}]', '[{a: 1, b: 2}, {b: 2, a: 1}]', '[[a], [a]]'])(
  'takes items for one where a JSON Schema validator does: %s',
  (items) => {
    for (const tree of parse(`services: {web: {depends_on: ${items}}}`))
      expect(ours(tree)).toEqual(theirs(tree));
  },
);

const scalar: fc.Arbitrary<Value> = fc.oneof(
  fc.constantFrom<Value>(null, true, 'a', '', '1', 0, -1, 1.5, 65536, Number.MAX_VALUE, '__proto__'),
);
const value = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 2 },
    scalar,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('target', 'source', 'driver', 'x-a', 'a b', 'constructor'), tie('value'), {
      maxKeys: 2,
      noNullPrototype: false,
    }),
  ),
})).value;

/** Puts a value at some place of a tree. */
function replace(tree: Mapping, choices: readonly number[], put: Value): void {
  let node: Value = tree;
  for (const [depth, choice] of choices.entries()) {
    const keys: string[] = Object.keys(node as object);
    const key = keys[choice % Math.max(1, keys.length)];
    if (key === undefined) return;
    const next: Value = (node as Mapping)[key] as Value;
    const isLast = depth === choices.length - 1 || typeof next !== 'object' || next === null;
    if (!isLast) node = next;
    else if (Array.isArray(node)) node[Number(key)] = put;
    else setEntry(node as Mapping, key, put, 0);
    if (isLast) return;
  }
}

it('finds what a JSON Schema validator finds wherever a value is put', () => {
  const choices = fc.array(fc.nat(9), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(fc.constantFrom(...texts), choices, value, (text, way, put) => {
      for (const tree of parse(text)) {
        replace(tree, way, put);
        expect(ours(tree)).toEqual(theirs(tree));
      }
    }),
    { numRuns: 500 },
  );
});
