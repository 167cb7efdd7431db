// Configs and secrets as files of a container. A plain file is bound as it is, so that an edit shows at once; an owner or
// a mode needs a copy. A copy of a config is a file of the bundle; a secret's content is never written anywhere: it goes
// to the container's monitor in memory, at each start.

import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { TcError } from '../../base/error.ts';
import { errnoOf } from '../../base/system-error.ts';
import type { FileObjectConfig } from '../../project/model.ts';
import type { FileReference, ServiceConfig } from '../../project/service-config.ts';
import type { SecretFile } from '../../runtime/container-input.ts';
import type { InstancePaths } from '../instance/paths.ts';
import type { PlannedMount } from './mount-plan.ts';

export type FileKind = 'configs' | 'secrets';

/** A file of the bundle that holds the content of a config. */
export interface ContentFile {
  readonly name: string;
  readonly object: FileObjectConfig;
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

/** What a container's record says of a secret: where its content is found when it starts again. */
export interface RecordedSecret extends SecretFile {
  readonly key: string;
  readonly name: string;
  readonly file?: string;
  readonly environment?: string;
}

export interface FileObjects {
  readonly configs: Readonly<Record<string, FileObjectConfig>>;
  readonly secrets: Readonly<Record<string, FileObjectConfig>>;
}

export interface FileSource extends FileObjects {
  readonly service: ServiceConfig;
}

const DEFAULT_MODE = 0o444;

/** Where external ones are kept: `<root>/secrets/<name>`, `<root>/configs/<name>`. Whoever made them put them there. */
export function locateExternal({ root }: Pick<InstancePaths, 'root'>, objects: FileObjects): FileObjects {
  const locate = (kind: FileKind) =>
    Object.fromEntries(
      Object.entries(objects[kind]).map(([key, object]) => [
        key,
        object.external ? { ...object, file: join(root, kind, object.name) } : object,
      ]),
    );
  return { configs: locate('configs'), secrets: locate('secrets') };
}

/** Binds of plain files, and copies of configs. */
export function planFiles(source: FileSource): PlannedMount[] {
  const kinds = ['configs', 'secrets'] as const;
  return kinds.flatMap((kind) =>
    (source.service[kind] ?? []).flatMap((reference, index): PlannedMount[] => {
      const object = findObject(source, reference, kind);
      const bind = { target: targetOf(reference, kind), readOnly: true };
      if (isBound(object, reference)) return [{ type: 'file-object', source: object.file, bind }];
      if (kind === 'secrets') return [];
      return [{ type: 'content', file: { name: `configs-${index}`, object, ...ownership(reference) }, bind }];
    }),
  );
}

/** Secrets that are handed over in memory. */
export function planSecrets(source: FileSource): RecordedSecret[] {
  return (source.service.secrets ?? []).flatMap((reference) => {
    const object = findObject(source, reference, 'secrets');
    if (isBound(object, reference)) return [];
    const { file, environment, name } = object;
    return [
      {
        key: reference.source,
        name,
        target: targetOf(reference, 'secrets'),
        ...ownership(reference),
        ...(file === undefined ? {} : { file }),
        ...(environment === undefined ? {} : { environment }),
      },
    ];
  });
}

function findObject(source: FileSource, reference: FileReference, kind: FileKind): FileObjectConfig {
  const object = source[kind][reference.source];
  if (object) return object;
  throw new TcError(
    `service ${source.service.name}: ${kind.slice(0, -1)} "${reference.source}" is not declared`,
    { code: 'file-object-undeclared' },
  );
}

function isBound(
  object: FileObjectConfig,
  { uid, gid, mode }: FileReference,
): object is FileObjectConfig & { readonly file: string } {
  return (
    object.file !== undefined && !object.external && [uid, gid, mode].every((value) => value === undefined)
  );
}

function targetOf(reference: FileReference, kind: FileKind): string {
  return posix.resolve(kind === 'secrets' ? '/run/secrets' : '/', reference.target ?? reference.source);
}

function ownership({ uid, gid, mode }: FileReference) {
  return { uid: parseOwner(uid), gid: parseOwner(gid), mode: mode ?? DEFAULT_MODE };
}

function parseOwner(text: string | undefined): number {
  if (text === undefined) return 0;
  if (/^\d+$/.test(text)) return Number(text);
  throw new TcError(`"${text}" is not a numeric user or group id`, { code: 'file-object-owner' });
}

/** The content of a config or secret, wherever the files say it is. A variable is one of the project's environment or, without it, of this process's. */
export function readContent(object: FileObjectConfig, kind: FileKind): string | Buffer {
  const what = `${kind.slice(0, -1)} "${object.name}"`;
  if (object.content !== undefined) return object.content;
  if (object.file !== undefined) return readFile(object.file, what, object.external === true);
  const { environment } = object;
  const text = environment === undefined ? undefined : process.env[environment];
  if (text !== undefined) return text;
  throw new TcError(
    environment === undefined
      ? `${what} has neither a file nor content`
      : `${what}: environment variable ${environment} is not set`,
    {
      code: 'file-object-content',
      hints: environment === undefined ? [] : [`set ${environment}: no copy of its value is kept`],
    },
  );
}

function readFile(path: string, what: string, isExternal: boolean): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new TcError(`${what}: ${path} cannot be read: ${errnoOf(cause)}`, {
      code: 'file-object-content',
      hints: isExternal ? ['what is external is made by you: put its content into that file'] : [],
      cause,
    });
  }
}

/** Contents as the monitor takes them: each after its length. */
export function packContents(contents: readonly (string | Buffer)[]): Buffer {
  const parts = contents.flatMap((content) => {
    const bytes = Buffer.from(content);
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(bytes.length));
    return [length, bytes];
  });
  return Buffer.concat(parts);
}
