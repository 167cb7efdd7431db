// Phase: the finished tree becomes the typed model.

import { type Fields, newRecord, type ParseContext, toPlain } from '../attribute/codec.ts';
import { fileObjectFields, modelFields, networkFields, volumeFields } from '../attribute/resource-fields.ts';
import { serviceFields } from '../attribute/service-fields.ts';
import { parseFields } from '../attribute/struct-codec.ts';
import type { Diagnostics } from '../diagnostic/diagnostics.ts';
import type { FileObjectConfig, ModelConfig, NetworkConfig, VolumeConfig } from '../model.ts';
import type { ServiceConfig } from '../service-config.ts';
import {
  copyEntry,
  isMapping,
  type Mapping,
  mappingAt,
  newMapping,
  removeEntry,
  type Value,
  valuePlace,
} from '../text/tree.ts';
import { resolvedContent } from './resolve-inherited.ts';

export interface Bound {
  readonly services: Record<string, ServiceConfig>;
  readonly networks: Record<string, NetworkConfig>;
  readonly volumes: Record<string, VolumeConfig>;
  readonly configs: Record<string, FileObjectConfig>;
  readonly secrets: Record<string, FileObjectConfig>;
  readonly models: Record<string, ModelConfig>;
  readonly extensions: Record<string, unknown>;
}

export function bindModel(root: Mapping, diagnostics: Diagnostics): Bound {
  const bind = <T>(section: string, convert: (value: Mapping, name: string, context: ParseContext) => T) => {
    const result = newRecord() as Record<string, T>;
    const container = mappingAt(root, section);
    for (const name of Object.keys(container ?? {})) {
      const value = container?.[name] ?? newMapping();
      if (!container || !isMapping(value)) continue;
      const context = { diagnostics, path: `${section}.${name}`, at: valuePlace(container, name) };
      result[name] = convert(value, name, context);
    }
    return result;
  };
  const as =
    <T>(fields: Fields) =>
    (value: Mapping, _name: string, context: ParseContext) =>
      parseFields(value, fields, context) as T;
  return {
    services: bind('services', bindService),
    networks: bind('networks', as<NetworkConfig>(networkFields)),
    volumes: bind('volumes', as<VolumeConfig>(volumeFields)),
    configs: bind('configs', bindFileObject),
    secrets: bind('secrets', bindFileObject),
    models: bind('models', as<ModelConfig>(modelFields)),
    extensions: extensionsOf(root),
  };
}

function bindService(value: Mapping, name: string, context: ParseContext): ServiceConfig {
  const attributes = parseFields(value, serviceFields, context);
  const own = attributes['x-tcompose'];
  const extensions = newRecord();
  for (const key of Object.keys(attributes).filter((attribute) => attribute.startsWith('x-'))) {
    if (key !== 'x-tcompose') extensions[key] = attributes[key];
    delete attributes[key];
  }
  if (Array.isArray(attributes['extra_hosts'])) attributes['extra_hosts'].sort();
  return {
    environment: newRecord() as Record<string, string | null>,
    labels: newRecord() as Record<string, string>,
    depends_on: newRecord() as ServiceConfig['depends_on'],
    command: null,
    entrypoint: null,
    ports: [],
    volumes: [],
    ...attributes,
    name,
    ...(own === undefined ? {} : { tcompose: bindOwn(own) }),
    ...(Object.keys(extensions).length > 0 ? { extensions } : {}),
  };
}

function bindOwn(own: unknown): NonNullable<ServiceConfig['tcompose']> {
  const entries = (['once', 'link_variables'] as const).flatMap((key) => {
    const value = (own as Record<string, unknown>)[key];
    return value === undefined ? [] : [[key, value === true || value === 'true']];
  });
  return Object.fromEntries(entries);
}

function bindFileObject(value: Mapping, _name: string, context: ParseContext): FileObjectConfig {
  if (resolvedContent in value) {
    copyEntry(value, resolvedContent, value, 'content');
    removeEntry(value, resolvedContent);
  }
  return parseFields(value, fileObjectFields, context) as unknown as FileObjectConfig;
}

function extensionsOf(value: Mapping): Record<string, unknown> {
  const extensions = newRecord();
  for (const key of Object.keys(value)) {
    if (key.startsWith('x-')) extensions[key] = toPlain(value[key] as Value);
  }
  return extensions;
}
