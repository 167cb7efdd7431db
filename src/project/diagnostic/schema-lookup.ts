// The schema as data, for messages only: parsed when the first error needs it.

import { schemaText } from '../generated/validator.mjs';
import type { Path } from '../text/tree.ts';

export interface Schema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema & { readonly deprecated?: boolean }>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly pattern?: string;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
}

let parsed: Schema | undefined;

function rootSchema(): Schema {
  parsed ??= JSON.parse(schemaText) as Schema;
  return parsed;
}

function resolve(schema: Schema | undefined): Schema | undefined {
  const name = schema?.$ref?.replace('#/$defs/', '');
  return name === undefined ? schema : resolve(rootSchema().$defs?.[name]);
}

/** The schema of the value at a path. */
export function findSchema(path: Path): Schema | undefined {
  let schema: Schema | undefined = rootSchema();
  for (const step of path) schema = resolve(stepInto(schema, step));
  return schema;
}

function stepInto(schema: Schema | undefined, step: string | number): Schema | undefined {
  if (typeof step === 'number') return schema?.items;
  const own = schema?.properties?.[step];
  if (own) return own;
  for (const [pattern, value] of Object.entries(schema?.patternProperties ?? {})) {
    if (new RegExp(pattern).test(step)) return value;
  }
  return typeof schema?.additionalProperties === 'object' ? schema.additionalProperties : undefined;
}

/** Keys to suggest: those of today's format. */
export function keysOf(schema: Schema | undefined): string[] {
  return Object.entries(schema?.properties ?? {})
    .filter(([, property]) => !property.deprecated)
    .map(([key]) => key);
}

/** Properties with their references followed. */
export function propertiesOf(schema: Schema | undefined): (readonly [string, Schema])[] {
  return Object.entries(schema?.properties ?? {}).map(
    ([key, value]) => [key, resolve(value) ?? value] as const,
  );
}
