// Every attribute of the schema stands in some case: what no case shows, nobody has checked.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseCaseFile } from './case-file.ts';

interface Schema {
  readonly $ref?: string;
  readonly $defs?: Record<string, Schema>;
  readonly properties?: Record<string, Schema>;
  readonly patternProperties?: Record<string, Schema>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
}

const root = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../schemas/compose.schema.json'), 'utf8'),
) as Schema;

function follow(schema: Schema): Schema {
  const name = schema.$ref?.replace('#/$defs/', '');
  return name === undefined ? schema : follow(root.$defs?.[name] ?? {});
}

/** `services.*.ports[].target`: every key that the schema names. */
function attributesOf(given: Schema, path = '', open: readonly Schema[] = []): string[] {
  const schema = follow(given);
  if (open.includes(schema)) return [];
  const inner = [...open, schema];
  return [
    ...Object.entries(schema.properties ?? {}).flatMap(([key, value]) => [
      pathTo(path, key),
      ...attributesOf(value, pathTo(path, key), inner),
    ]),
    ...freeKeys(schema).flatMap((value) => attributesOf(value, pathTo(path, '*'), inner)),
    ...(schema.items ? attributesOf(schema.items, `${path}[]`, inner) : []),
  ];
}

function freeKeys(schema: Schema): Schema[] {
  const patterns = Object.entries(schema.patternProperties ?? {}).filter(([pattern]) => pattern !== '^x-');
  const rest = typeof schema.additionalProperties === 'object' ? [schema.additionalProperties] : [];
  return [...patterns.map(([, value]) => value), ...rest];
}

function pathTo(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

/** The attributes that a value has, in the same notation. */
function attributesIn(value: unknown, given: Schema, path = ''): string[] {
  const schema = follow(given);
  if (Array.isArray(value)) {
    return schema.items ? value.flatMap((item) => attributesIn(item, schema.items ?? {}, `${path}[]`)) : [];
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, own]) => {
    const known = schema.properties?.[key];
    const name = pathTo(path, known ? key : '*');
    const next = known ?? freeKeys(schema)[0];
    return [...(known ? [name] : []), ...(next ? attributesIn(own, next, name) : [])];
  });
}

const cases = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith('.cases'))
  .flatMap((name) => parseCaseFile(readFileSync(join(import.meta.dirname, name), 'utf8')).cases);

function documentsOf(text: string): unknown[] {
  try {
    return [parse(text, { uniqueKeys: false, merge: true, logLevel: 'silent' })];
  } catch {
    return [];
  }
}

describe('the conformance suite', () => {
  it('has some hundreds of cases', () => {
    expect(cases.length).toBeGreaterThan(500);
  });

  it('shows every attribute of the schema at least once', () => {
    const texts = cases.flatMap((one) => one.sections.filter(({ kind }) => kind === 'file'));
    // A file of format 1 has its services at the top.
    const trees = texts
      .flatMap(({ text }) => documentsOf(text))
      .flatMap((tree) => [tree, { services: tree }]);
    const shown = new Set(trees.flatMap((tree) => attributesIn(tree, root)));
    const all = [...new Set(attributesOf(root))];
    expect(all.length).toBeGreaterThan(250);
    expect(all.filter((attribute) => !shown.has(attribute))).toEqual([]);
  });
});
