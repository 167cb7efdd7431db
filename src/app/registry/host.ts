// How users and old clients write a registry: with a scheme, a path, or the address of Docker's first API. Pure.

import { TcError } from '../../base/error.ts';

export function parseRegistryHost(text: string | undefined): string {
  const host = (text ?? 'docker.io').replace(/^https?:\/\//, '').split('/')[0] ?? '';
  if (host === '' || /\s|@/.test(host)) {
    throw new TcError(`"${text}" is not the host of a registry`, {
      code: 'usage',
      exitCode: 2,
      hints: ['write HOST or HOST:PORT, for example ghcr.io or localhost:5000'],
    });
  }
  return host === 'index.docker.io' || host === 'registry-1.docker.io' ? 'docker.io' : host;
}

/** Nobody but the registry knows what would come of it. */
export function noDryRun(verb: string): TcError {
  return new TcError(`${verb} has no dry run`, {
    code: 'usage',
    exitCode: 2,
    hints: ['only the registry and the helper that keeps the credentials know what would come of it'],
  });
}
