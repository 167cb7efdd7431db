// Remote files as `app` sees them; what fetches them is loaded when one is asked for.

import { readRegistrySettings } from '../../image/registry/settings.ts';
import type { RemotePort } from './remote-port.ts';

export function createRemoteOperations(): RemotePort {
  const open = async () => {
    const [{ createRemotePort }, { cacheDirectory }] = await Promise.all([
      import('./remote-files.ts'),
      import('./cache.ts'),
    ]);
    return createRemotePort({
      cacheDirectory: cacheDirectory(process.env),
      registries: readRegistrySettings(),
    });
  };
  let opened: ReturnType<typeof open> | undefined;
  const port = () => {
    opened ??= open();
    return opened;
  };
  return {
    accepted: async (name) => (await port()).accepted(name),
    resolve: async (name, signal) => (await port()).resolve(name, signal),
    fetch: async (...request) => (await port()).fetch(...request),
  };
}
