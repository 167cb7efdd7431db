// The schema of Compose files as data.

import { schemaText } from '../generated/schema.mjs';

/** The keywords that schemas/compose.schema.json is written in. */
export interface Schema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly type?: TypeName | readonly TypeName[];
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: Schema;
  readonly uniqueItems?: boolean;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly required?: readonly string[];
  /** Accepted, and not suggested. */
  readonly deprecated?: boolean;
}

export type TypeName = 'object' | 'array' | 'string' | 'number' | 'integer' | 'boolean' | 'null';

let parsed: Schema | undefined;

export function rootSchema(): Schema {
  parsed ??= JSON.parse(schemaText) as Schema;
  return parsed;
}

/** The schema that a reference, or a chain of them, stands for. */
export function followReference(schema: Schema): Schema {
  const name = schema.$ref?.replace('#/$defs/', '');
  const target = name === undefined ? undefined : rootSchema().$defs?.[name];
  return target ? followReference(target) : schema;
}
