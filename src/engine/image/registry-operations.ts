// Registries as `app` sees them; the client is loaded when one is asked.

import { formatReference, parseImageReference, parseRegistryReference } from '../../image/reference.ts';
import { readRegistrySettings } from '../../image/registry/settings.ts';
import type { RegistryPort } from './image-port.ts';

export function createRegistryPort(): RegistryPort {
  const browse = () => import('../../image/registry/browse.ts');
  const digests = () => import('../../image/registry/resolve-digest.ts');
  const login = () => import('../../image/registry/login.ts');
  return {
    repositories: async (host, signal) =>
      (await browse()).listRepositories(readRegistrySettings(), host, { signal }),
    tags: async (repository, signal) =>
      (await browse()).listTags(readRegistrySettings(), parseRegistryReference(repository), { signal }),
    search: async (text, options) =>
      (await import('../../image/registry/search.ts')).searchRepositories(
        readRegistrySettings(),
        text,
        options,
      ),
    async pin(text, signal) {
      const reference = parseImageReference(text);
      if (reference.kind !== 'registry' || reference.digest !== undefined) return text;
      const digest = await (await digests()).resolveDigest(readRegistrySettings(), reference, signal);
      return formatReference({ ...reference, digest });
    },
    remove: async (reference, signal) =>
      (await browse()).removeFromRegistry(readRegistrySettings(), parseRegistryReference(reference), {
        signal,
      }),
    logIn: async (host, credentials, signal) =>
      (await login()).logIn(readRegistrySettings(), { host, credentials, signal }),
    logOut: async (host) => (await login()).logOut(readRegistrySettings(), host),
  };
}
