// What a command line says of builds that the Compose file could say too: the flags of `docker build`. Pure.

import { resolve } from 'node:path';
import { TcError } from '../base/error.ts';
import { parseBytes } from '../base/units.ts';
import type { BuildRequest, SecretSource } from '../engine/ports.ts';

export interface BuildSettingTexts {
  readonly label: readonly string[];
  readonly 'add-host': readonly string[];
  readonly network: string | undefined;
  readonly 'shm-size': string | undefined;
  readonly ulimit: readonly string[];
  readonly secret: readonly string[];
  readonly 'build-context': readonly string[];
  readonly allow: readonly string[];
  readonly 'no-cache-filter': readonly string[];
  readonly target: string | undefined;
  readonly tag: readonly string[];
}

/** Members that take the place of a request's own, and such as stand beside them. */
export interface BuildSettings {
  readonly replaced: Partial<Pick<BuildRequest, 'network' | 'shmSize' | 'target'>>;
  readonly added: Pick<BuildRequest, 'labels' | 'extraHosts' | 'ulimits' | 'secrets' | 'namedContexts'> &
    Pick<BuildRequest, 'entitlements' | 'tags'> & { readonly noCacheStages: readonly string[] };
}

export const noSettings: BuildSettings = {
  replaced: {},
  added: {
    ...{
      labels: {},
      extraHosts: [],
      ulimits: {},
      secrets: {},
      namedContexts: {},
      entitlements: [],
      tags: [],
    },
    noCacheStages: [],
  },
};

/** Relative paths count from `directory`; `environment` tells a secret without a source from a file. */
export function parseBuildSettings(
  texts: BuildSettingTexts,
  directory: string,
  environment: Readonly<Record<string, string | undefined>>,
): BuildSettings {
  const { network, target } = texts;
  const shmSize = texts['shm-size'] === undefined ? undefined : parseShmSize(texts['shm-size']);
  return {
    replaced: {
      ...(network !== undefined && { network: parseNetwork(network) }),
      ...(shmSize !== undefined && { shmSize }),
      ...(target !== undefined && { target }),
    },
    added: {
      labels: Object.fromEntries(texts.label.map((text) => splitPair(text, '='))),
      extraHosts: texts['add-host'].map(parseHost),
      ulimits: Object.fromEntries(texts.ulimit.map(parseUlimit)),
      secrets: Object.fromEntries(texts.secret.map((text) => parseSecret(text, directory, environment))),
      namedContexts: Object.fromEntries(
        texts['build-context'].map((text) => parseNamedContext(text, directory)),
      ),
      entitlements: texts.allow.map(parseEntitlement),
      tags: texts.tag,
      noCacheStages: texts['no-cache-filter'].flatMap((text) => text.split(',')),
    },
  };
}

/** `isAsked`: not only built because its image is a context of another. */
export function applySettings(
  request: BuildRequest,
  { replaced: { target, ...replaced }, added }: BuildSettings,
  isAsked: boolean,
): BuildRequest {
  const { noCacheStages, tags, ...records } = added;
  return {
    ...request,
    ...replaced,
    ...(isAsked && target !== undefined && { target }),
    labels: { ...request.labels, ...records.labels },
    extraHosts: [...request.extraHosts, ...records.extraHosts],
    ulimits: { ...request.ulimits, ...records.ulimits },
    secrets: { ...request.secrets, ...records.secrets },
    namedContexts: { ...request.namedContexts, ...records.namedContexts },
    entitlements: [...request.entitlements, ...records.entitlements],
    tags: isAsked ? [...request.tags, ...tags] : request.tags,
    noCache: request.noCache === 'all' ? 'all' : [...request.noCache, ...noCacheStages],
  };
}

function refuse(flag: string, text: string, hint: string): TcError {
  return new TcError(`--${flag} ${text} cannot be understood`, { code: 'usage', exitCode: 2, hints: [hint] });
}

function splitPair(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)];
}

function parseNetwork(text: string): BuildRequest['network'] {
  if (text === 'default' || text === 'none' || text === 'host') return text;
  throw refuse('network', text, 'write default, none or host: steps run on a network of their own');
}

function parseShmSize(text: string): number {
  const size = parseBytes(text);
  if (size !== undefined && size >= 0) return size;
  throw refuse('shm-size', text, 'write 128m or 1g');
}

/** `host:ip` or `host=ip`; an IPv6 address may stand in brackets. */
function parseHost(text: string): string {
  const [, name, address] = /^([^:=]+)[:=]\[?([^[\]]+)\]?$/.exec(text) ?? [];
  if (name !== undefined && address !== undefined) return `${name}=${address}`;
  throw refuse('add-host', text, 'write HOST:ADDRESS');
}

function parseUlimit(text: string): [string, { soft: number; hard: number }] {
  const [, name, soft, hard = soft] = /^(\w+)=(-?\d+)(?::(-?\d+))?$/.exec(text) ?? [];
  if (name !== undefined) return [name, { soft: Number(soft), hard: Number(hard) }];
  throw refuse('ulimit', text, 'write NAME=SOFT or NAME=SOFT:HARD, for example nofile=1024:4096');
}

/** As BuildKit: an id alone is a variable of that name, or else a file. */
function parseSecret(
  text: string,
  directory: string,
  environment: Readonly<Record<string, string | undefined>>,
): [string, SecretSource] {
  const fields = new Map(text.split(',').map((field) => splitPair(field, '=')));
  const { id, type, env, src, source = src, ...others } = Object.fromEntries(fields);
  const hint = 'write id=NAME,src=FILE or id=NAME,env=VARIABLE';
  if (!id || Object.keys(others).length > 0) throw refuse('secret', text, hint);
  if (type !== undefined && type !== 'file' && type !== 'env') throw refuse('secret', text, hint);
  if (env) return [id, { environment: env }];
  const name = source || id;
  const isVariable = type === 'env' || (!source && type === undefined && environment[id] !== undefined);
  return [id, isVariable ? { environment: name } : { file: resolve(directory, name) }];
}

/** What is no address is a directory. */
function parseNamedContext(text: string, directory: string): [string, string] {
  const [name, value] = splitPair(text, '=');
  if (name === '' || value === '')
    throw refuse('build-context', text, 'write NAME=DIRECTORY or NAME=ADDRESS');
  const isAddress = /^[a-z][a-z-]*:\/\/|^(service|target):|^[\w.-]+@[\w.-]+:/.test(value);
  return [name.toLowerCase(), isAddress ? value : resolve(directory, value)];
}

function parseEntitlement(text: string): string {
  if (text === 'network.host' || text === 'security.insecure') return text;
  throw refuse('allow', text, 'write network.host or security.insecure: a build gives no devices');
}
