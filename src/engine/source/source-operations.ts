// Watched sources, each part loaded on first use.

import type { SourcePort } from './source-port.ts';

/** `root`: the data root. What an instance writes itself must not set it off. */
export function createSourcePort(root: string): SourcePort {
  return {
    async watch(sources) {
      const { watchSources } = await import('./watch-sources.ts');
      return watchSources(sources, [root]);
    },
    async *pack(files) {
      const { packSources } = await import('./pack-sources.ts');
      yield* packSources(files);
    },
  };
}
