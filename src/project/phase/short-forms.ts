// Phase: short forms become long ones, so that merging and everything after it sees one form of each attribute. Defaults
// are not filled in here: an override that leaves something out must not bring back its default.

import type { Form } from '../attribute/form.ts';
import { keyValues } from '../attribute/form.ts';
import { buildForms, serviceForms } from '../attribute/service-forms.ts';
import type { Diagnostics } from '../diagnostic/diagnostics.ts';
import { isMapping, type Mapping, mappingAt, removeEntry, setEntry, valuePlace } from '../text/tree.ts';

export interface ShortFormOptions {
  readonly diagnostics: Diagnostics;
  /** Nothing was interpolated: text that cannot be read stays as it is. */
  readonly lenient: boolean;
}

export function expandShortForms(root: Mapping, options: ShortFormOptions): void {
  for (const [name, service] of mappingsIn(root, 'services')) {
    const path = `services.${name}`;
    applyForms(service, serviceForms, path, options);
    const build = mappingAt(service, 'build');
    if (build) applyForms(build, buildForms, `${path}.build`, options);
  }
  for (const section of ['networks', 'volumes', 'configs', 'secrets']) {
    for (const [name, resource] of mappingsIn(root, section)) {
      const path = `${section}.${name}`;
      applyForms(resource, { labels: keyValues }, path, options);
      expandExternal(resource, path, options.diagnostics);
    }
  }
}

function* mappingsIn(root: Mapping, section: string): Iterable<[string, Mapping]> {
  const container = mappingAt(root, section);
  for (const name of Object.keys(container ?? {})) {
    const value = container?.[name];
    if (isMapping(value)) yield [name, value];
  }
}

function applyForms(
  mapping: Mapping,
  forms: Readonly<Record<string, Form>>,
  path: string,
  options: ShortFormOptions,
): void {
  for (const key of Object.keys(mapping)) {
    const form = forms[key];
    const value = mapping[key];
    if (!form || value === undefined || value === null) continue;
    const at = valuePlace(mapping, key);
    setEntry(mapping, key, form(value, { at, path: `${path}.${key}`, ...options }), at);
  }
}

/** `external: {name: x}` of formats 2 and 3. */
function expandExternal(resource: Mapping, path: string, diagnostics: Diagnostics): void {
  const external = mappingAt(resource, 'external');
  if (!external) return;
  const at = valuePlace(resource, 'external');
  const name = external['name'];
  setEntry(resource, 'external', true, at);
  if (typeof name !== 'string') return;
  const ownName = resource['name'];
  if (ownName !== undefined && ownName !== name) {
    diagnostics.error({
      code: 'key-exclusive',
      message: `${path} has two names: \`${String(ownName)}\` and, in external, \`${name}\``,
      at: valuePlace(external, 'name'),
      hints: ['keep `name:` and write `external: true`'],
    });
    return;
  }
  diagnostics.warn({
    code: 'key-deprecated',
    message: `${path}.external.name is deprecated`,
    at: valuePlace(external, 'name'),
    hints: [`write \`name: ${name}\` and \`external: true\``],
  });
  removeEntry(resource, 'name');
  setEntry(resource, 'name', name, valuePlace(external, 'name'));
}
