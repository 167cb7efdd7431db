// Keyed digests of what must be comparable and not readable: environment values, contents of configs and secrets.

import { statSync } from 'node:fs';
import { hmacSha256 } from '../../base/sha256.ts';
import type { FileObjectConfig } from '../../project/model.ts';
import type { ServiceConfig } from '../../project/service-config.ts';
import { type FileObjects, readContent } from '../container/file-objects.ts';
import { readSeccompProfile } from './seccomp-profile.ts';

export type Digest = (data: string | Buffer) => string;

export function createDigest(key: Buffer): Digest {
  return (data) => `hmac:${hmacSha256(key, data)}`;
}

export interface DigestedFiles extends FileObjects {
  /** The project's. */
  readonly workingDir: string;
}

/** `configs.KEY`, `secrets.KEY` and `security_opt.seccomp` of what the service uses -> digest of the content. */
export function digestFiles(
  service: ServiceConfig,
  objects: DigestedFiles,
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

/** A directory is bound as it is; what is in it is the service's business. */
function readObject(object: FileObjectConfig, kind: 'configs' | 'secrets'): string | Buffer {
  const { file } = object;
  const isDirectory = file !== undefined && statSync(file, { throwIfNoEntry: false })?.isDirectory();
  return isDirectory ? `directory ${file}` : readContent(object, kind);
}
