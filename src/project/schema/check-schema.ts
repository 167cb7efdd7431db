// A tree against the schema: every violation. It interprets the schema instead of running code made from it, because code
// is read at every start, and this much of it would be a third of what `config` costs.

import { isList, isMapping, type List, type Mapping, type Path, type Value } from '../text/tree.ts';
import { followReference, rootSchema, type Schema, type TypeName } from './schema.ts';

export interface SchemaViolation {
  /** Of the value that does not fit. */
  readonly path: Path;
  readonly keyword:
    | 'type'
    | 'enum'
    | 'pattern'
    | 'minimum'
    | 'maximum'
    | 'uniqueItems'
    | 'required'
    | 'unknown';
  /** The key that is missing or unknown; the item that is there twice. */
  readonly at?: string | number;
  readonly schema: Schema;
}

export function checkSchema(root: Value): readonly SchemaViolation[] {
  const check = new SchemaCheck();
  check.check(root, ruleOf(rootSchema()), undefined);
  return check.found;
}

/** A schema made ready: each part once, when a value first needs it. */
interface Rule {
  readonly schema: Schema;
  readonly types: readonly TypeName[] | undefined;
  readonly pattern: RegExp | undefined;
  readonly properties: ReadonlyMap<string, Schema>;
  readonly patterns: readonly (readonly [RegExp, Schema])[];
}

const rules = new Map<Schema, Rule>();

function ruleOf(given: Schema): Rule {
  const known = rules.get(given);
  if (known) return known;
  const schema = followReference(given);
  const { pattern, patternProperties = {}, properties = {}, type } = schema;
  const rule: Rule = {
    schema,
    types: type === undefined ? undefined : ([type].flat() as TypeName[]),
    pattern: pattern === undefined ? undefined : new RegExp(pattern, 'u'),
    properties: new Map(Object.entries(properties)),
    patterns: Object.entries(patternProperties).map(([key, value]) => [new RegExp(key, 'u'), value] as const),
  };
  rules.set(given, rule);
  return rule;
}

/** The way to a value, from its end: written out only for what is found. */
interface Way {
  readonly step: string | number;
  readonly before: Way | undefined;
}

class SchemaCheck {
  readonly found: SchemaViolation[] = [];

  check(value: Value, rule: Rule, way: Way | undefined): void {
    const { schema, types } = rule;
    if (types !== undefined && !types.some((type) => isOfType(value, type))) {
      this.#report('type', schema, way);
      return;
    }
    if (schema.enum && !schema.enum.includes(value)) this.#report('enum', schema, way);
    if (isList(value)) this.#checkList(value, schema, way);
    else if (isMapping(value)) this.#checkMapping(value, rule, way);
    else if (typeof value === 'number') this.#checkNumber(value, schema, way);
    else if (typeof value === 'string' && rule.pattern?.test(value) === false) {
      this.#report('pattern', schema, way);
    }
  }

  #checkNumber(value: number, schema: Schema, way: Way | undefined): void {
    const { maximum = value, minimum = value } = schema;
    if (value < minimum) this.#report('minimum', schema, way);
    if (value > maximum) this.#report('maximum', schema, way);
  }

  #checkList(list: List, schema: Schema, way: Way | undefined): void {
    const twice = schema.uniqueItems ? findRepeat(list, schema.items) : undefined;
    if (twice !== undefined) this.#report('uniqueItems', schema, way, twice);
    if (!schema.items) return;
    const rule = ruleOf(schema.items);
    for (let index = 0; index < list.length; index++) {
      this.check(list[index] as Value, rule, { step: index, before: way });
    }
  }

  #checkMapping(mapping: Mapping, rule: Rule, way: Way | undefined): void {
    const { schema } = rule;
    for (const key of schema.required ?? []) {
      if (mapping[key] === undefined) this.#report('required', schema, way, key);
    }
    for (const key of Object.keys(mapping)) {
      const wanted = schemasOf(key, rule);
      if (wanted === undefined) this.#report('unknown', schema, way, key);
      for (const one of wanted ?? []) {
        this.check(mapping[key] as Value, ruleOf(one), { step: key, before: way });
      }
    }
  }

  #report(
    keyword: SchemaViolation['keyword'],
    schema: Schema,
    way: Way | undefined,
    at?: string | number,
  ): void {
    this.found.push({ path: toPath(way), keyword, schema, ...(at === undefined ? {} : { at }) });
  }
}

/** Undefined: there must be no such key. */
function schemasOf(key: string, { patterns, properties, schema }: Rule): readonly Schema[] | undefined {
  const own = properties.get(key);
  const matching = patterns.filter(([pattern]) => pattern.test(key)).map(([, value]) => value);
  if (own) return [own, ...matching];
  if (matching.length > 0) return matching;
  const rest = schema.additionalProperties;
  if (rest === false) return undefined;
  return typeof rest === 'object' ? [rest] : [];
}

function isOfType(value: Value, type: TypeName): boolean {
  switch (type) {
    case 'object':
      return isMapping(value);
    case 'array':
      return isList(value);
    case 'null':
      return value === null;
    case 'integer':
      return Number.isInteger(value);
    case 'number':
      return typeof value === 'number' && Number.isFinite(value);
    default:
      return typeof value === type;
  }
}

/**
 * The index of the first item that stands before it already. Where items are scalars, others are left alone: what they are
 * is the mistake.
 */
function findRepeat(list: List, { type = [] }: Schema = {}): number | undefined {
  const types = [type].flat() as TypeName[];
  const isAny = types.length === 0 || types.includes('object') || types.includes('array');
  const before = new Set<Value>();
  for (const [index, item] of list.entries()) {
    if (!isAny && !types.some((one) => isOfType(item, one))) continue;
    const key = identify(item);
    if (before.has(key)) return index;
    before.add(key);
  }
  return undefined;
}

/** The same for equal values, and for no others: text has no NUL in it. */
function identify(value: Value): Value {
  return isList(value) || isMapping(value) ? `\0${JSON.stringify(sorted(value))}` : value;
}

/** The order of keys makes no difference; a list of pairs is not a mapping. */
function sorted(value: Value): unknown {
  if (isList(value)) return value.map(sorted);
  if (!isMapping(value)) return value;
  const entries = Object.keys(value)
    .sort()
    .map((key) => [key, sorted(value[key] ?? null)]);
  return { entries };
}

function toPath(way: Way | undefined): Path {
  const steps: (string | number)[] = [];
  for (let at = way; at !== undefined; at = at.before) steps.push(at.step);
  return steps.reverse();
}
