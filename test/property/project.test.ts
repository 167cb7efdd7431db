// What holds for every project, whatever is in it.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TcError } from '../../src/base/error.ts';
import { formatCanonical, toCanonical } from '../../src/project/canonical.ts';
import { loadProject } from '../../src/project/load.ts';
import type { ProjectModel } from '../../src/project/model.ts';
import { substitute } from '../../src/project/text/template.ts';
import { formatYaml } from '../../src/project/text/yaml-format.ts';
import { createMemoryReader } from '../conformance/memory-reader.ts';
import { project } from './compose-project.ts';

function load(...texts: string[]): ProjectModel {
  const files = new Map(texts.map((text, index) => [`/p/${index}.yaml`, text]));
  const options = { files: [...files.keys()], cwd: '/p', profiles: ['*'], environment: {}, projectName: 'p' };
  return loadProject(options, createMemoryReader(files));
}

/** The model without what differs by where it was read from. */
function canonical(model: ProjectModel): unknown {
  return toCanonical(model, 'yaml');
}

describe('config', () => {
  it('prints YAML that loads again to the same project', () => {
    fc.assert(
      fc.property(project(), (file) => {
        const model = load(formatYaml(file));
        const again = load(formatCanonical(model, 'yaml'));
        expect(canonical(again)).toEqual(canonical(model));
      }),
    );
  });

  it('prints JSON that loads again to the same project', () => {
    fc.assert(
      fc.property(project(), (file) => {
        const model = load(formatYaml(file));
        const again = load(formatCanonical(model, 'json'));
        expect(toCanonical(again, 'json')).toEqual(toCanonical(model, 'json'));
      }),
    );
  });

  it('does not depend on whether values were quoted or nested in flow style', () => {
    fc.assert(
      fc.property(project(), (file) => {
        expect(canonical(load(JSON.stringify(file)))).toEqual(canonical(load(formatYaml(file))));
      }),
    );
  });
});

describe('merge', () => {
  it('is associative for files about different services', () => {
    fc.assert(
      fc.property(project('a'), project('b'), project('c'), (a, b, c) => {
        const [one, two, three] = [a, b, c].map(formatYaml) as [string, string, string];
        const all = canonical(load(one, two, three));
        expect(canonical(load(formatCanonical(load(one, two), 'yaml'), three))).toEqual(all);
        expect(canonical(load(one, formatCanonical(load(two, three), 'yaml')))).toEqual(all);
      }),
      { numRuns: 30 },
    );
  });

  it('with itself changes nothing', () => {
    fc.assert(
      fc.property(project(), (file) => {
        const text = formatYaml(withoutAppendedLists(file));
        expect(canonical(load(text, text))).toEqual(canonical(load(text)));
      }),
    );
  });
});

/** Lists that merge by appending double, as they should. */
function withoutAppendedLists({ services }: { readonly services: Readonly<Record<string, object>> }): object {
  const appended = ['security_opt', 'x-own'];
  const unique = Object.entries(services).map(([name, service]) => {
    const attributes = Object.entries(service).filter(([key]) => !appended.includes(key));
    return [name, Object.fromEntries(attributes)];
  });
  return { services: Object.fromEntries(unique) };
}

describe('interpolation', () => {
  it('gives back what was escaped', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(substitute(text.replaceAll('$', '$$$$'), { lookup: () => 'never' })).toBe(text);
      }),
    );
  });

  it('of any text ends in text or in a TemplateError', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[$a{}:\-+? _]*$/), (text) => {
        try {
          expect(typeof substitute(text, { lookup: (name) => (name.length > 1 ? undefined : name) })).toBe(
            'string',
          );
        } catch (error) {
          expect((error as Error).constructor.name).toBe('TemplateError');
        }
      }),
    );
  });
});

describe('a Compose file', () => {
  it('of any text loads or fails with a diagnostic', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        try {
          load(text);
        } catch (error) {
          expect(error).toBeInstanceOf(TcError);
          expect((error as TcError).kind).toBe('user');
        }
      }),
    );
  });
});
