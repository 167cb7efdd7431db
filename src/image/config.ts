// The image configuration blob (image-spec, config.md): what a container takes from it, and how its layers stack.

import {
  expectArray,
  expectObject,
  expectString,
  type JsonObject,
  malformed,
  optionalString,
  parseJsonObject,
  parseStringMap,
} from './descriptor.ts';
import { type Digest, parseDigest } from './digest.ts';
import type { ImageConfig } from './image.ts';
import { normalizePlatform, type Platform } from './platform.ts';

export interface HistoryEntry {
  readonly created?: string;
  readonly createdBy?: string;
  readonly comment?: string;
  readonly author?: string;
  readonly emptyLayer: boolean;
}

export interface ImageConfiguration {
  readonly platform: Platform;
  readonly config: ImageConfig;
  /** Bottommost first. */
  readonly diffIds: readonly Digest[];
  /** RFC 3339. */
  readonly created?: string;
  readonly author?: string;
  readonly history: readonly HistoryEntry[];
}

export function parseImageConfiguration(bytes: Uint8Array, where: string): ImageConfiguration {
  const object = parseJsonObject(bytes, where);
  const rootfs = expectObject(object['rootfs'], `${where}: rootfs`);
  if (rootfs['type'] !== 'layers') throw malformed(where, 'its rootfs is not made of layers');
  const diffIds = list(rootfs['diff_ids']).map((each, at) => parseDigest(each, `${where}: diff_ids[${at}]`));
  const created = optionalString(object['created'], `${where}: created`);
  const author = optionalString(object['author'], `${where}: author`);
  return {
    platform: normalizePlatform({
      os: optionalString(object['os'], `${where}: os`),
      architecture: optionalString(object['architecture'], `${where}: architecture`),
      variant: optionalString(object['variant'], `${where}: variant`),
    }),
    config: parseConfig(object['config'], `${where}: config`),
    diffIds,
    ...(created ? { created } : {}),
    ...(author ? { author } : {}),
    history: list(object['history']).map((each, at) => parseHistory(each, `${where}: history[${at}]`)),
  };
}

/** Go writes an empty list as null. */
function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function parseHistory(value: unknown, where: string): HistoryEntry {
  const object = expectObject(value, where);
  const created = optionalString(object['created'], `${where}: created`);
  const createdBy = optionalString(object['created_by'], `${where}: created_by`);
  const comment = optionalString(object['comment'], `${where}: comment`);
  const author = optionalString(object['author'], `${where}: author`);
  return {
    ...(created ? { created } : {}),
    ...(createdBy ? { createdBy } : {}),
    ...(comment ? { comment } : {}),
    ...(author ? { author } : {}),
    emptyLayer: object['empty_layer'] === true,
  };
}

type Reader = (value: unknown, where: string) => unknown;

const strings: Reader = (value, where) =>
  expectArray(value, where).map((each, at) => expectString(each, `${where}[${at}]`));

const keys: Reader = (value, where) =>
  Object.fromEntries(Object.keys(expectObject(value, where)).map((key) => [key, {}]));

const readers: Readonly<Record<keyof ImageConfig, Reader>> = {
  Env: strings,
  Entrypoint: strings,
  Cmd: strings,
  User: expectString,
  WorkingDir: expectString,
  ExposedPorts: keys,
  Volumes: keys,
  StopSignal: expectString,
  Shell: strings,
  OnBuild: strings,
  Labels: parseStringMap,
  Healthcheck: parseHealthcheck,
};

/** Members that the specification does not know, or that are null, are left out. */
function parseConfig(value: unknown, where: string): ImageConfig {
  if (value === undefined || value === null) return {};
  const object = expectObject(value, where);
  const entries = Object.entries(readers)
    .filter(([key]) => object[key] !== undefined && object[key] !== null)
    .map(([key, read]) => [key, read(object[key], `${where}.${key}`)]);
  return Object.fromEntries(entries);
}

function parseHealthcheck(value: unknown, where: string): ImageConfig['Healthcheck'] {
  const object = expectObject(value, where);
  const number = (key: string): JsonObject => {
    const each = object[key];
    if (each === undefined || each === null) return {};
    if (typeof each !== 'number' || !Number.isInteger(each) || each < 0)
      throw malformed(`${where}.${key}`, 'a whole number was expected');
    return { [key]: each };
  };
  return {
    ...(object['Test'] ? { Test: strings(object['Test'], `${where}.Test`) as string[] } : {}),
    ...number('Interval'),
    ...number('Timeout'),
    ...number('StartPeriod'),
    ...number('StartInterval'),
    ...number('Retries'),
  };
}
