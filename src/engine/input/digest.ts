// Keyed digests of what must be comparable and not readable: environment values, contents of configs and secrets.

import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { TcError } from '../../base/error.ts';
import { errnoOf } from '../../base/system-error.ts';
import type { FileObjectConfig } from '../../project/model.ts';
import type { ServiceConfig } from '../../project/service-config.ts';
import { readContent } from '../container/mounts.ts';
import { readSeccompProfile } from './seccomp-profile.ts';

export type Digest = (data: string | Buffer) => string;

export function createDigest(key: Buffer): Digest {
  return (data) => `hmac:${createHmac('sha256', key).update(data).digest('hex')}`;
}

export interface FileObjects {
  /** The project's. */
  readonly workingDir: string;
  readonly configs: Readonly<Record<string, FileObjectConfig>>;
  readonly secrets: Readonly<Record<string, FileObjectConfig>>;
}

/** `configs.KEY`, `secrets.KEY` and `security_opt.seccomp` of what the service uses -> digest of the content. */
export function digestFiles(
  service: ServiceConfig,
  objects: FileObjects,
  digest: Digest,
): Record<string, string> {
  const kinds = ['configs', 'secrets'] as const;
  const entries = kinds.flatMap((kind) =>
    (service[kind] ?? []).flatMap(({ source }) => {
      const object = objects[kind][source];
      return object ? [[`${kind}.${source}`, digest(readObject(object, kind))] as const] : [];
    }),
  );
  const profile = readSeccompProfile(service, objects.workingDir);
  return {
    ...Object.fromEntries(entries),
    ...(profile !== undefined && { 'security_opt.seccomp': digest(profile) }),
  };
}

function readObject(object: FileObjectConfig, kind: 'configs' | 'secrets'): string | Buffer {
  if (object.file === undefined) return readContent(object, kind);
  try {
    return readFileSync(object.file);
  } catch (error) {
    // A directory is bound as it is; what is in it is the service's business.
    if (errnoOf(error) === 'EISDIR') return `directory ${object.file}`;
    throw new TcError(
      `${kind.slice(0, -1)} "${object.name}": ${object.file} cannot be read: ${errnoOf(error)}`,
      {
        code: 'file-object-content',
        cause: error,
      },
    );
  }
}
