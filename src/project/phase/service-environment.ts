// Phase: env_file and label_file of the services that take part, under what `environment` and `labels` say.

import { findNearest } from '../../base/suggest.ts';
import { newRecord } from '../attribute/codec.ts';
import type { EnvFileConfig, ServiceConfig } from '../service-config.ts';
import { type EnvEntries, type EnvEntry, parseDotenv, parseRawEnv } from '../text/dotenv.ts';
import type { Environment } from '../text/environment.ts';
import { readSource } from '../text/read-source.ts';
import type { Place } from '../text/source-text.ts';
import type { Path } from '../text/tree.ts';
import type { PlaceIndex } from './place-index.ts';
import type { LoadRun } from './scope.ts';
import type { Services } from './select.ts';

export interface FileOptions {
  readonly run: LoadRun;
  readonly environment: Environment;
  readonly places: PlaceIndex;
  /** Default: true. Label files are read in any case, as in Docker Compose. */
  readonly envFiles?: boolean;
}

export function resolveServiceFiles(services: Services, options: FileOptions): Services {
  const resolved = newRecord() as Record<string, ServiceConfig>;
  for (const [name, service] of Object.entries(services)) {
    resolved[name] = resolveLabels(
      options.envFiles === false ? service : resolveEnvironment(service, options),
      options,
    );
  }
  return resolved;
}

function resolveEnvironment(service: ServiceConfig, options: FileOptions): ServiceConfig {
  const inherited = inheritValues(service.environment, options.environment);
  const files = service.env_file ?? [];
  if (files.length === 0)
    return inherited === service.environment ? service : { ...service, environment: inherited };
  const merged: EnvEntries = new Map();
  const lookup = (name: string) =>
    options.environment.lookup(name) ?? inherited[name] ?? merged.get(name)?.value;
  const lost = new Map<string, EnvEntry[]>();
  files.forEach((file, index) => {
    const at = options.places.find(['services', service.name, 'env_file', index]);
    for (const [name, entry] of readEnvFile(file, at, options, lookup)) {
      const earlier = merged.get(name);
      if (earlier) lost.set(name, [...(lost.get(name) ?? []), earlier]);
      merged.set(name, entry);
    }
  });
  const environment = newRecord() as Record<string, string | null>;
  for (const [name, entry] of merged) {
    const path: Path = ['services', service.name, 'environment', name];
    const weaker = lost.get(name) ?? [];
    options.run.trace?.underlie(path, name in inherited ? [...weaker, entry] : weaker);
    if (!(name in inherited)) options.places.add(path, entry.at);
    environment[name] = entry.value;
  }
  // A variable that is named without a value and has none anywhere is removed, even if a file sets it.
  return { ...service, environment: Object.assign(environment, inherited), env_file: undefined };
}

function inheritValues(
  variables: ServiceConfig['environment'],
  environment: Environment,
): Readonly<Record<string, string | null>> {
  const missing = Object.keys(variables).filter((name) => variables[name] === null);
  if (missing.length === 0) return variables;
  const result = Object.assign(newRecord(), variables) as Record<string, string | null>;
  for (const name of missing) result[name] = environment.lookup(name) ?? null;
  return result;
}

function readEnvFile(
  file: EnvFileConfig,
  at: Place,
  options: FileOptions,
  lookup: (name: string) => string | undefined,
): EnvEntries {
  const { reader, diagnostics } = options.run;
  if (file.required === false && !reader.exists(file.path)) return new Map();
  if (file.format !== undefined && file.format !== '' && file.format !== 'raw') {
    const nearest = findNearest(file.format, ['raw']);
    const hints = [
      nearest
        ? 'did you mean `raw`?'
        : 'the only other format is `raw`: leave `format` out for the usual one',
    ];
    diagnostics.error({
      code: 'env-file-format',
      message: `unknown env file format \`${file.format}\``,
      at,
      hints,
    });
    return new Map();
  }
  const source = readSource(file.path, reader, diagnostics, {
    code: 'env-file-missing',
    what: 'the env file',
    at,
  });
  if (!source) return new Map();
  const parse = file.format === 'raw' ? parseRawEnv : parseDotenv;
  return parse(source, { lookup, diagnostics });
}

function resolveLabels(service: ServiceConfig, options: FileOptions): ServiceConfig {
  const files = service.label_file ?? [];
  if (files.length === 0) return service;
  const { reader, diagnostics } = options.run;
  const labels = newRecord() as Record<string, string>;
  files.forEach((file, index) => {
    const at = options.places.find(['services', service.name, 'label_file', index]);
    const source = readSource(file, reader, diagnostics, {
      code: 'label-file-missing',
      what: 'the label file',
      at,
    });
    if (!source) return;
    for (const [name, entry] of parseDotenv(source, { lookup: (label) => labels[label], diagnostics })) {
      labels[name] = entry.value;
      if (!(name in service.labels)) options.places.add(['services', service.name, 'labels', name], entry.at);
    }
  });
  return { ...service, labels: Object.assign(labels, service.labels), label_file: undefined };
}
