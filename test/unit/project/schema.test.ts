// Our schema against upstream's: the same keys, and the same verdict on every conformance case. Upstream's copy lies
// beside a checkout for development; without it these tests are skipped by name.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { Diagnostics } from '../../../src/project/diagnostic/diagnostics.ts';
import { checkSchema } from '../../../src/project/schema/check-schema.ts';
import { Sources } from '../../../src/project/text/source-text.ts';
import type { Mapping } from '../../../src/project/text/tree.ts';
import { parseYaml } from '../../../src/project/text/yaml.ts';
import { parseCaseFile } from '../../conformance/case-file.ts';

const root = join(import.meta.dirname, '../../..');
const upstreamPath =
  ['..', '../..']
    .map((up) => join(root, up, 'shared/reference/compose-spec.json'))
    .find((path) => existsSync(path)) ?? '';
const ours = JSON.parse(readFileSync(join(root, 'schemas/compose.schema.json'), 'utf8')) as Schema;

interface Schema {
  readonly $ref?: string;
  readonly $defs?: Record<string, Schema>;
  readonly properties?: Record<string, Schema>;
  readonly patternProperties?: Record<string, Schema>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly oneOf?: Schema[];
}

/** Every path of keys that a schema knows, e.g. `services.*.build.args`. `x-*` and free keys are left out. */
function keyPaths(schema: Schema, top: Schema, prefix = '', open: readonly string[] = []): string[] {
  if (schema.$ref) {
    const name = schema.$ref.replace('#/$defs/', '');
    return open.includes(name) ? [] : keyPaths(top.$defs?.[name] ?? {}, top, prefix, [...open, name]);
  }
  const parts = Object.entries(schema.properties ?? {}).flatMap(([key, value]) => {
    const path = prefix === '' ? key : `${prefix}.${key}`;
    return [path, ...keyPaths(value, top, path, open)];
  });
  const patterns = Object.entries(schema.patternProperties ?? {}).filter(([pattern]) => pattern !== '^x-');
  const free = typeof schema.additionalProperties === 'object' ? [schema.additionalProperties] : [];
  return [
    ...parts,
    ...[...patterns.map(([, value]) => value), ...free].flatMap((value) =>
      keyPaths(value, top, `${prefix}.*`, open),
    ),
    ...(schema.items ? keyPaths(schema.items, top, `${prefix}[]`, open) : []),
    ...(schema.oneOf ?? []).flatMap((value) => keyPaths(value, top, prefix, open)),
  ];
}

const ownKeys = [
  // Format 1.
  'services.*.dockerfile',
  'services.*.log_driver',
  'services.*.log_opt',
  'services.*.net',
  'services.*.volume_driver',
  // tcompose's own.
  'services.*.x-tcompose',
  'services.*.x-tcompose.link_variables',
  'services.*.x-tcompose.once',
  'x-tcompose',
  'x-tcompose.userns',
  // Written once for all resources.
  'configs.*.driver',
];

/** Files on which the two differ, and why ours says what it says. */
const differences: Readonly<Record<string, string>> = {
  'build-deploy.cases: a model without a model': 'looked for after merging, as another file may give it',
  'dependencies.cases: no condition': 'looked for after merging',
  'merge.cases: depends_on merges; the condition may be left out': 'looked for after merging',
  'merge.cases: models merge, of either form': 'looked for after merging',
  'services.cases: a provider without a type': 'looked for after merging',
  'legacy.cases: keys of format 1 in a file of today': 'older formats load',
  'legacy.cases: a number as version': 'older formats load',
  'project.cases: version as a number': 'older formats load',
  'ports.cases: the same port twice is one': 'upstream drops repeats before it validates',
  'ports.cases: a fraction': 'upstream refuses it later',
  'services.cases: x-tcompose with an unknown key': 'tcompose knows its own extension',
  'services.cases: x-tcompose of a project with an unknown value': 'tcompose knows its own extension',
};

describe.skipIf(upstreamPath === '')(
  "the schema, held against upstream's (skipped where that is not at hand)",
  () => {
    const upstream = upstreamPath ? (JSON.parse(readFileSync(upstreamPath, 'utf8')) as Schema) : {};

    it('knows the same keys', () => {
      const theirs = new Set(keyPaths(upstream, upstream));
      const own = new Set(keyPaths(ours, ours));
      expect([...theirs].filter((path) => !own.has(path))).toEqual([]);
      expect([...own].filter((path) => !theirs.has(path) && !ownKeys.includes(path))).toEqual([]);
    });

    it('comes to the same verdict on every conformance case', () => {
      const check = new Ajv2020({ strict: false, allErrors: false, validateFormats: false }).compile(
        upstream,
      );
      const disagreements: string[] = [];
      let agreed = 0;
      for (const { title, text } of documents()) {
        for (const tree of parseDocuments(text)) {
          // A copy with ordinary prototypes, which the run-time library relies on.
          const verdicts = [checkSchema(tree).length === 0, check(JSON.parse(JSON.stringify(tree)))];
          if (verdicts[0] === verdicts[1]) agreed++;
          else disagreements.push(title);
        }
      }
      expect(disagreements.sort()).toEqual(Object.keys(differences).sort());
      expect(agreed).toBeGreaterThan(400);
    });
  },
);

/** Every Compose file of the suite that does not need interpolation to be valid. */
function* documents(): Iterable<{ title: string; text: string }> {
  const directory = join(root, 'test/conformance');
  for (const name of readdirSync(directory).filter((file) => file.endsWith('.cases'))) {
    for (const one of parseCaseFile(readFileSync(join(directory, name), 'utf8')).cases) {
      for (const section of one.sections) {
        if (section.kind !== 'file' || !/\.ya?ml$/.test(section.name) || section.text.includes('${'))
          continue;
        yield { title: `${name}: ${one.title}`, text: section.text };
      }
    }
  }
}

function parseDocuments(text: string): Mapping[] {
  const sources = new Sources();
  return parseYaml(sources.add('compose.yaml', text), new Diagnostics(sources));
}
