// A container's snapshots as they change: woken by the files that its monitor writes, until it is removed.

import type { ObservedContainer } from '../../plan/observed-state.ts';
import type { InstancePaths } from '../instance/paths.ts';
import { describeObserved } from '../observe/observed-container.ts';
import { readContainerRecord } from '../record/container-record.ts';
import { readContainerStatus } from '../status/status.ts';
import { DirectoryWaker } from './directory-waker.ts';

export async function* watchContainer(
  paths: InstancePaths,
  id: string,
  signal?: AbortSignal,
): AsyncGenerator<ObservedContainer> {
  const wake = new DirectoryWaker([paths.container(id), paths.containerRun(id)], signal);
  let shown: string | undefined;
  try {
    while (!signal?.aborted) {
      const record = readContainerRecord(paths, id);
      if (record === undefined) return;
      const now = describeObserved(record, readContainerStatus(paths, id));
      const text = JSON.stringify(now);
      if (text !== shown) yield now;
      shown = text;
      await wake.next();
    }
  } finally {
    wake.close();
  }
}
