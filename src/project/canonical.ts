// ProjectModel -> the text of `config`, which loads again to the same model.

import type { Codec, Fields, OutputFormat } from './attribute/codec.ts';
import { fileObjectFields, modelFields, networkFields, volumeFields } from './attribute/resource-fields.ts';
import { serviceFields } from './attribute/service-fields.ts';
import { formatFields, struct } from './attribute/struct-codec.ts';
import type { ProjectModel } from './model.ts';
import type { ServiceConfig } from './service-config.ts';
import { formatGoJson } from './text/go-json.ts';
import { compareNaturally } from './text/natural-order.ts';
import { formatYaml, sortKeys, sortKeysForYaml } from './text/yaml-format.ts';

export interface CanonicalOptions {
  /** Doubles every `$`, so that nothing is interpolated when the output is read. Default: true. */
  readonly escapeDollars?: boolean;
}

export function formatCanonical(
  model: ProjectModel,
  output: OutputFormat,
  options: CanonicalOptions = {},
): string {
  return formatPlain(toCanonical(model, output), output, options);
}

/** What `toCanonical` made, or a part of it. */
export function formatPlain(
  project: Readonly<Record<string, unknown>>,
  output: OutputFormat,
  options: CanonicalOptions = {},
): string {
  const format = (value: unknown) => (output === 'json' ? formatGoJson(value, 2) : formatYaml(value));
  const text = format(project);
  return options.escapeDollars !== false && text.includes('$') ? format(escapeDollars(project)) : text;
}

/** In values only: keys are not interpolated. */
function escapeDollars(value: unknown): unknown {
  if (typeof value === 'string') return value.includes('$') ? value.replaceAll('$', '$$$$') : value;
  if (Array.isArray(value)) return value.map(escapeDollars);
  if (typeof value !== 'object' || value === null) return value;
  return fromEntries(Object.entries(value).map(([key, own]) => [key, escapeDollars(own)]));
}

/** As plain values, in the order of the output. */
export function toCanonical(model: ProjectModel, output: OutputFormat): Record<string, unknown> {
  const sections: [string, unknown][] = [
    ['name', model.name],
    ['services', formatEach(model.services, output, (service) => formatService(service, output))],
    ['networks', formatResources(model.networks, networkFields, output)],
    ['volumes', formatResources(model.volumes, volumeFields, output)],
    ['secrets', formatResources(withoutContent(model.secrets), fileObjectFields, output)],
    ['configs', formatResources(withoutInherited(model.configs), fileObjectFields, output)],
    ['models', formatResources(model.models ?? {}, modelFields, output)],
  ];
  const present = sections.filter(([key, value]) => key === 'services' || !isEmpty(value));
  const extensions = Object.entries(model.extensions).map(([key, value]): [string, unknown] => [
    key,
    output === 'yaml' ? sortKeysForYaml(value) : sortKeys(value),
  ]);
  const entries = [...present, ...extensions.sort(([a], [b]) => compareNaturally(a, b))];
  if (output === 'json') entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return fromEntries(entries);
}

/** A service's attributes as `config` prints them. */
export function formatService(service: ServiceConfig, output: OutputFormat): Record<string, unknown> {
  const { name: _, tcompose, extensions, ...attributes } = service;
  const formatted = formatFields(attributes, serviceFields, output);
  // The JSON of Docker Compose has no `x-*` within services; ours has what tcompose itself needs.
  const own = tcompose === undefined ? {} : { 'x-tcompose': tcompose };
  const shown = output === 'yaml' ? { ...extensions, ...own } : own;
  for (const key of Object.keys(shown).sort(compareNaturally)) {
    formatted[key] = sortKeysForYaml((shown as Record<string, unknown>)[key]);
  }
  return formatted;
}

function formatResources(resources: object, fields: Fields, output: OutputFormat): unknown {
  const codec: Codec = struct(fields, { whenEmpty: 'always' });
  return formatEach(resources as Record<string, unknown>, output, (resource) =>
    codec.format(resource, output),
  );
}

function formatEach<T>(
  values: Readonly<Record<string, T>>,
  output: OutputFormat,
  format: (value: T) => unknown,
): Record<string, unknown> {
  const names = Object.keys(values).sort(output === 'yaml' ? compareNaturally : undefined);
  return fromEntries(names.map((name) => [name, format(values[name] as T)]));
}

/** The value of a secret is never shown. */
function withoutContent(secrets: ProjectModel['secrets']): ProjectModel['secrets'] {
  return mapValues(secrets, ({ content: _, ...secret }) => secret);
}

/** What a config takes from a variable is shown as the variable. */
function withoutInherited(configs: ProjectModel['configs']): ProjectModel['configs'] {
  return mapValues(configs, ({ content, ...config }) =>
    content === undefined || config.environment ? config : { ...config, content },
  );
}

function mapValues<T>(values: Readonly<Record<string, T>>, change: (value: T) => T): Record<string, T> {
  const result = Object.create(null) as Record<string, T>;
  for (const [key, value] of Object.entries(values)) result[key] = change(value);
  return result;
}

function fromEntries(entries: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  const record = Object.create(null) as Record<string, unknown>;
  for (const [key, value] of entries) record[key] = value;
  return record;
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
