// RemotePort over a cache directory, the `git` program and the registry client.

import { existsSync, realpathSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import { parseRegistryReference } from '../../image/reference.ts';
import type { RegistrySettings } from '../../image/registry/settings.ts';
import { composeFileNames } from '../../project/compose-file-name.ts';
import { type GitReference, type OciReference, parseRemote } from '../../project/text/remote.ts';
import { arrangeFiles, composeProject, writeFiles } from './artifact.ts';
import { hashOf, RemoteCache } from './cache.ts';
import { remoteFailure } from './failure.ts';
import { checkOut, type Git, resolveCommit, runGit } from './git.ts';
import type { RemoteCopy, RemotePort } from './remote-port.ts';

export interface RemoteFilesOptions {
  /** Absolute; made when it is needed, for its owner alone. */
  readonly cacheDirectory: string;
  readonly registries: RegistrySettings;
  /** Default: the program of that name. */
  readonly git?: Git;
}

export function createRemotePort(options: RemoteFilesOptions): RemotePort {
  const cache = new RemoteCache(options.cacheDirectory);
  const git = options.git ?? runGit;
  const sourceOf = (name: string): Source => {
    const reference = parseRemote(name);
    if (reference?.kind === 'git') return gitSource(name, reference, git, cache);
    if (reference?.kind === 'oci') return artifactSource(name, reference, options.registries, cache);
    throw remoteFailure(`${name} is neither a Git repository nor an OCI artefact`, [
      'copy it to this machine',
    ]);
  };
  const open = (name: string, source: Source, version: string): RemoteCopy => ({
    version,
    path: locate(name, source.path, source.copyOf(version)),
  });
  return {
    async accepted(name) {
      const version = cache.readVersion(name);
      const source = sourceOf(name);
      if (version === undefined || !existsSync(source.copyOf(version))) return undefined;
      return open(name, source, version);
    },
    resolve: (name, signal) => sourceOf(name).resolve(signal),
    async fetch(name, version, signal) {
      const source = sourceOf(name);
      await cache.add(source.copyOf(version), (staging) => source.fill(version, staging, signal));
      const copy = open(name, source, version);
      cache.writeVersion(name, version);
      return copy;
    },
  };
}

interface Source {
  /** Of the directory or the Compose file in the copy; absent: its top. */
  readonly path?: string | undefined;
  copyOf(version: string): string;
  resolve(signal?: AbortSignal): Promise<string>;
  fill(version: string, directory: string, signal?: AbortSignal): Promise<void>;
}

function gitSource(name: string, reference: GitReference, git: Git, cache: RemoteCache): Source {
  const request = { name, reference, git };
  return {
    path: reference.path,
    copyOf: (commit) => cache.path('git', hashOf(reference.url), commit),
    resolve: (signal) => resolveCommit({ ...request, signal }),
    fill: (commit, directory, signal) => checkOut({ ...request, signal }, commit, directory),
  };
}

function artifactSource(
  name: string,
  { image }: OciReference,
  registries: RegistrySettings,
  cache: RemoteCache,
): Source {
  const reference = parseRegistryReference(image);
  return {
    copyOf: (digest) => cache.path('oci', digest.replace(':', '-')),
    async resolve(signal) {
      const { resolveDigest } = await import('../../image/registry/resolve-digest.ts');
      return resolveDigest(registries, reference, signal);
    },
    async fill(version, directory, signal) {
      const { fetchArtifact } = await import('../../image/registry/artifact.ts');
      const wanted = parseRegistryReference(`${reference.domain}/${reference.repository}@${version}`);
      const { files } = await fetchArtifact(registries, wanted, { kind: composeProject, signal });
      writeFiles(arrangeFiles(files, name), directory);
    },
  };
}

/** The Compose file that is meant. Neither `..` nor a symbolic link leads out of the copy. */
function locate(name: string, path = '.', copy: string): string {
  const wanted = confine(name, path, copy);
  if (!statSync(wanted).isDirectory()) return wanted;
  const file = composeFileNames.find((each) => existsSync(join(wanted, each)));
  if (file === undefined) {
    const hints = [`name the directory or the file: ${name.split('#')[0]}#main:path`];
    throw remoteFailure(`${name} has no Compose file`, hints);
  }
  return confine(name, join(path, file), copy);
}

function confine(name: string, path: string, copy: string): string {
  const wanted = join(copy, path);
  if (!existsSync(wanted)) throw remoteFailure(`${name}: there is no \`${path}\` in it`, ['check the path']);
  const real = realpathSync(wanted);
  const root = realpathSync(copy);
  if (real === root || real.startsWith(root + sep)) return real;
  throw remoteFailure(`${name}: \`${path}\` leads out of it`, ['name a path within it']);
}
