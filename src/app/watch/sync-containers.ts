// Copies and removals in the containers of a service, each of them on its own: one that fails holds up no other.

import { posix } from 'node:path';
import { mapConcurrently } from '../../base/async.ts';
import { TcError } from '../../base/error.ts';
import type { CopyTree, Engine } from '../../engine/ports.ts';
import type { ObservedContainer } from '../../plan/observed-state.ts';
import { type CopyGroup, listMountTargets, planSync, type SyncWork } from '../../plan/watch-batch.ts';

/** As many at a time as there are disks to keep busy, not as there are replicas. */
const parallel = 8;
/** Of one container: then it is not about single files. */
const mostProblems = 10;

export interface SyncTask {
  readonly container: ObservedContainer;
  readonly work: SyncWork;
}

/** Problems by container id; none: all that is wanted is there. */
export async function syncContainers(
  engine: Engine,
  tasks: readonly SyncTask[],
): Promise<ReadonlyMap<string, readonly unknown[]>> {
  const problems = await mapConcurrently(tasks, parallel, ({ container, work }) =>
    syncContainer(engine, container, work).catch((error: unknown) => [error]),
  );
  return new Map(tasks.map(({ container }, index) => [container.id, problems[index] ?? []]));
}

/** It is between two lives, or has just made room for another: what it is to have can be tried again. */
export function isPassing(problem: unknown): boolean {
  return problem instanceof TcError && ['changed-meanwhile', 'container-gone'].includes(problem.code);
}

async function syncContainer(
  engine: Engine,
  container: ObservedContainer,
  work: SyncWork,
): Promise<unknown[]> {
  const { groups, removals } = planSync(work, listMountTargets(container));
  const tree = await engine.copy.container(container);
  try {
    const problems: unknown[] = [];
    await tree.remove(removals).catch((error: unknown) => problems.push(error));
    for (const group of groups) await new GroupCopy(engine, tree, group).write(group.files, problems);
    return problems;
  } finally {
    tree.close();
  }
}

type Files = CopyGroup['files'];

/** An archive ends at the first member that cannot be unpacked: the others go in halves, until that one is alone. */
class GroupCopy {
  readonly #engine: Engine;
  readonly #tree: CopyTree;
  readonly #group: CopyGroup;

  constructor(engine: Engine, tree: CopyTree, group: CopyGroup) {
    this.#engine = engine;
    this.#tree = tree;
    this.#group = group;
  }

  async write(files: Files, problems: unknown[]): Promise<void> {
    if (files.length === 0 || problems.length >= mostProblems) return;
    const error = await this.#tryAll(files);
    if (error === undefined) return;
    const isOfFile = error instanceof TcError && error.code === 'copy-failed';
    if (!isOfFile || (files.length === 1 && !(await this.#isThere(files)))) problems.push(error);
    if (!isOfFile || files.length === 1) return;
    const middle = Math.ceil(files.length / 2);
    await this.write(files.slice(0, middle), problems);
    await this.write(files.slice(middle), problems);
  }

  async #tryAll(files: Files): Promise<unknown> {
    try {
      // Owners are those of the host, by number, as with a mount.
      const content = this.#engine.sources.pack(files);
      const { changeDirectories, directory } = this.#group;
      await this.#tree.write(directory, content, { keepOwners: true, devices: false, changeDirectories });
      return undefined;
    } catch (error) {
      return error;
    }
  }

  /** A directory where the image has a link to one: what is in the directory goes through the link. */
  async #isThere([file]: Files): Promise<boolean> {
    if (file === undefined) return false;
    const host = await this.#engine.copy.host('/');
    try {
      const [wanted, found] = [
        await host.look(file.path, false),
        await this.#tree.look(posix.join(this.#group.directory, file.name), true),
      ];
      return wanted.kind === 'directory' && found.kind === 'directory';
    } finally {
      host.close();
    }
  }
}
