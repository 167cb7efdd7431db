// The image store as `app` sees it: which containers use which image is known here, and not to the store.

import type { ImageUse } from '../../image/remove.ts';
import type { ImageStore } from '../../image/store.ts';
import type { InstancePaths } from '../instance/paths.ts';
import { listContainerIds, readContainerRecord } from '../record/container-record.ts';
import { readContainerStatus } from '../status/status.ts';
import type { ContainerImageUse, ImagePort } from './image-port.ts';

export interface ImageOperations {
  /** Opened on first use. */
  store(): Promise<ImageStore>;
  /** Undefined: there is no instance yet, and so no container. */
  paths(): InstancePaths | undefined;
}

export function createImagePort({ store, paths }: ImageOperations): ImagePort {
  const uses = () => listImageUses(paths());
  return {
    pull: async (...request) => (await store()).pull(...request),
    push: async (...request) => (await store()).push(...request),
    load: async (...request) => (await store()).load(...request),
    async *flattenPlatforms(...request) {
      yield* (await store()).flattenPlatforms(...request);
    },
    async *flatten(...request) {
      yield* (await store()).flatten(...request);
    },
    async *save(...request) {
      yield* (await store()).save(...request);
    },
    import: async (...request) => (await store()).import(...request),
    list: async () => (await store()).list(),
    inspect: async (...request) => (await store()).inspect(...request),
    tag: async (source, target) => (await store()).tag(source, target),
    remove: async (reference, options) => (await store()).remove(reference, { ...options, uses: uses() }),
    prune: async (options) => (await store()).prune({ ...options, uses: uses() }),
    pruneBuildCache: async (options) => (await store()).pruneBuildCache({ ...options, uses: uses() }),
    uses: async () => uses(),
  };
}

export function listImageUses(paths: InstancePaths | undefined): (ImageUse & ContainerImageUse)[] {
  if (paths === undefined) return [];
  return listContainerIds(paths).flatMap((id) => {
    const record = readContainerRecord(paths, id);
    if (record === undefined) return [];
    const { alive } = readContainerStatus(paths, id);
    const { inputs, name, project } = record;
    return [{ imageId: inputs.imageId, project, container: name, containerId: id, isRunning: alive }];
  });
}
