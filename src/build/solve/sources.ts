// The trees that a build reads from, each opened once: contexts, layers.

import { readFileSync, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { TcError } from '../../base/error.ts';
import { unless } from '../../base/system-error.ts';
import type { BuildStore, LayerStack } from '../../image/build-store.ts';
import { chainOf } from '../../image/build-store.ts';
import { listIgnoreFiles, parseIgnoreFile } from '../pattern/ignore-file.ts';
import { DirectoryTree } from '../tree/directory-tree.ts';
import { FilteredTree } from '../tree/filtered-tree.ts';
import { emptyTree } from '../tree/inline-tree.ts';
import type { Tree } from '../tree/tree.ts';
import type { BuildRequest } from './request.ts';
import type { LayerNative } from './step-container.ts';

export class Sources {
  readonly #store: BuildStore;
  readonly #native: LayerNative;
  readonly #trees = new Map<string, Promise<Tree>>();
  readonly #descriptors: number[] = [];

  constructor(store: BuildStore, native: LayerNative) {
    this.#store = store;
    this.#native = native;
  }

  /** The tree that layers are together. */
  layers(layers: LayerStack, name: string): Promise<Tree> {
    const [top] = chainOf(layers).slice(-1);
    if (top === undefined) return Promise.resolve(emptyTree);
    return this.#once(`layers ${top}`, async () => {
      const fd = this.#native.mountLayers(await this.#store.directories(layers));
      this.#descriptors.push(fd);
      const root = `/proc/self/fd/${fd}`;
      const attributes = (path: string) => this.#native.readXattrs(path);
      return new DirectoryTree({ name, root, isContext: false, attributes });
    });
  }

  /** A directory of this machine; `dockerfile`: the one whose ignore file counts. */
  context(directory: string, dockerfile: string | undefined, name: string): Promise<Tree> {
    return this.#once(JSON.stringify([directory, dockerfile]), async () => {
      await requireDirectory(directory, name);
      const tree = new DirectoryTree({ name, root: directory, isContext: true, attributes: () => [] });
      const ignored = await readIgnored(directory, dockerfile);
      return ignored === undefined ? tree : new FilteredTree(tree, ignored);
    });
  }

  close(): void {
    for (const fd of this.#descriptors.splice(0)) this.#native.close(fd);
  }

  #once(key: string, open: () => Promise<Tree>): Promise<Tree> {
    const known = this.#trees.get(key);
    if (known) return known;
    const opening = open();
    this.#trees.set(key, opening);
    return opening;
  }
}

const unreachable = ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'EACCES'];

async function requireDirectory(directory: string, name: string): Promise<void> {
  const status = unless(unreachable, () => statSync(directory));
  if (status?.isDirectory()) return;
  throw new TcError(`${name} ${directory} is not a directory`, {
    code: 'build-context',
    hints: [status ? 'name the directory that the Dockerfile copies from' : 'it does not exist'],
  });
}

/** Undefined: there is no ignore file. */
export async function readIgnored(directory: string, dockerfile: string | undefined) {
  const files =
    dockerfile === undefined ? [join(directory, '.dockerignore')] : listIgnoreFiles(directory, dockerfile);
  for (const file of files) {
    const text = readIfPossible(file);
    if (text !== undefined) return parseIgnoreFile(file, text);
  }
  return undefined;
}

function readIfPossible(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

export interface FoundDockerfile {
  readonly file: string;
  readonly text: string;
  /** Of an ignore file beside it; undefined: it has no place of its own. */
  readonly path?: string;
}

export async function readDockerfile({ context, dockerfile, name }: BuildRequest): Promise<FoundDockerfile> {
  if ('inline' in dockerfile) return { file: `dockerfile_inline of ${name}`, text: dockerfile.inline };
  const path = isAbsolute(dockerfile.path) ? dockerfile.path : join(context, dockerfile.path);
  try {
    return { file: path, text: readFileSync(path, 'utf8'), path };
  } catch (cause) {
    const isMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw new TcError(
      isMissing ? `${path} does not exist` : `${path} cannot be read: ${(cause as Error).message}`,
      {
        code: 'dockerfile-missing',
        hints: [
          isMissing ? 'create it, or name another with `dockerfile:` or --file' : 'check its permissions',
        ],
        cause,
      },
    );
  }
}
