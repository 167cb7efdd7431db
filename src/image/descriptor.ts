// Descriptors and the documents made of them: shapes as in the OCI image specification (descriptor.md), checked member
// by member, since every one comes from a stranger.

import { TcError } from '../base/error.ts';
import { type Digest, parseDigest } from './digest.ts';
import { normalizePlatform, type Platform } from './platform.ts';

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  readonly platform?: Platform;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Where a foreign layer may be had from. */
  readonly urls?: readonly string[];
}

export type JsonObject = Readonly<Record<string, unknown>>;

/** Manifests, indexes and configs beyond this are refused unread (distribution-spec, "Pulling manifests"). */
export const documentLimit = 4 * 1024 * 1024;

/** `where` names the document in messages, for example `manifest of docker.io/library/mysql:8`. */
export function parseJsonObject(bytes: Uint8Array, where: string): JsonObject {
  if (bytes.length > documentLimit)
    throw malformed(where, `it has ${bytes.length} bytes, more than the allowed ${documentLimit}`);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw malformed(where, 'it is not JSON', cause);
  }
  return expectObject(value, where);
}

export function expectObject(value: unknown, where: string): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw malformed(where, 'an object was expected');
}

export function expectArray(value: unknown, where: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw malformed(where, 'a list was expected');
}

export function expectString(value: unknown, where: string): string {
  if (typeof value === 'string') return value;
  throw malformed(where, 'a string was expected');
}

export function optionalString(value: unknown, where: string): string | undefined {
  return value === undefined || value === null ? undefined : expectString(value, where);
}

export function parseDescriptor(value: unknown, where: string): Descriptor {
  const object = expectObject(value, where);
  const size = object['size'];
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0)
    throw malformed(where, 'its size is not a whole number of bytes');
  const platform = parseDescriptorPlatform(object['platform'], where);
  const annotations = parseStringMap(object['annotations'], `${where}: annotations`);
  const urls = object['urls'];
  return {
    mediaType: expectString(object['mediaType'], `${where}: mediaType`),
    digest: parseDigest(object['digest'], where),
    size,
    ...(platform === undefined ? {} : { platform }),
    ...(annotations === undefined ? {} : { annotations }),
    ...(Array.isArray(urls) ? { urls: urls.map((url) => expectString(url, `${where}: urls`)) } : {}),
  };
}

function parseDescriptorPlatform(value: unknown, where: string): Platform | undefined {
  if (value === undefined || value === null) return undefined;
  const object = expectObject(value, `${where}: platform`);
  return normalizePlatform({
    os: expectString(object['os'], `${where}: platform.os`),
    architecture: expectString(object['architecture'], `${where}: platform.architecture`),
    variant: optionalString(object['variant'], `${where}: platform.variant`),
  });
}

export function parseStringMap(value: unknown, where: string): Readonly<Record<string, string>> | undefined {
  if (value === undefined || value === null) return undefined;
  const entries = Object.entries(expectObject(value, where));
  // fromEntries defines own members, so that a key `__proto__` stays data.
  return Object.fromEntries(entries.map(([key, each]) => [key, expectString(each, `${where}: ${key}`)]));
}

export function malformed(where: string, why: string, cause?: unknown): TcError {
  return new TcError(`${where}: ${why}`, {
    code: 'malformed-image',
    kind: 'environment',
    hints: ['whoever made or serves this image gave a document that the specification does not allow'],
    cause,
  });
}
