// What the schema says of places, for messages.

import { followReference, rootSchema, type Schema } from '../schema/schema.ts';
import type { Path } from '../text/tree.ts';

function resolve(schema: Schema | undefined): Schema | undefined {
  return schema && followReference(schema);
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
