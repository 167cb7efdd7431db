// The root of a container that does not run, with its volumes and binds where they would be mounted: each is a tree of its
// own, which links inside of it cannot lead out of.

import { statSync } from 'node:fs';
import { posix } from 'node:path';
import { TcError } from '../../base/error.ts';
import { unless } from '../../base/system-error.ts';
import { listTmpfsTargets } from '../container/mount-plan.ts';
import type { InstancePaths } from '../instance/paths.ts';
import type { CopyEntry, CopyTree } from '../ports.ts';
import type { ContainerRecord, RecordedMount } from '../record/container-record.ts';
import { readVolumeRecord, volumeDataPath } from '../record/volume-record.ts';
import { describeVolumeSource } from '../volume/volume-options.ts';

export interface StoppedMount {
  readonly target: string;
  /** As the files name it. */
  readonly source: string;
  readonly readOnly: boolean;
  /** The directory of the host, and what is mounted of it. Undefined: it is there only while the container runs. */
  readonly directory?: string;
  readonly subpath: string;
}

export function listStoppedMounts(paths: InstancePaths, record: ContainerRecord): StoppedMount[] {
  const tmpfs = listTmpfsTargets(record.recorded).map((target) => ({
    ...{ target, source: 'a tmpfs', readOnly: false, subpath: '' },
  }));
  return [...tmpfs, ...record.mounts.map((mount) => describeMount(paths, mount))];
}

function describeMount(paths: InstancePaths, mount: RecordedMount): StoppedMount {
  const { target, source, readOnly = false, subpath } = mount;
  const directory = findDirectory(paths, mount);
  return {
    ...{ target, source, readOnly },
    subpath: subpath === undefined ? '' : `/${subpath}`,
    ...(directory !== undefined && { directory }),
  };
}

function findDirectory(
  paths: InstancePaths,
  { type, source, fileObject }: RecordedMount,
): string | undefined {
  if (fileObject || (type !== 'bind' && type !== 'volume')) return undefined;
  const volume = type === 'volume' ? readVolumeRecord(paths, source) : undefined;
  const described = volume && describeVolumeSource(volume.recorded);
  // A file system of its own is mounted as long as somebody uses it.
  if (described?.mount !== undefined) return undefined;
  const directory = type === 'bind' ? source : (described?.source ?? volumeDataPath(paths, source));
  const isDirectory = unless(['ENOENT', 'ENOTDIR'], () => statSync(directory).isDirectory());
  return isDirectory ? directory : undefined;
}

interface Place {
  readonly mount: StoppedMount;
  readonly tree: CopyTree;
  /** In the tree. */
  readonly path: string;
}

export class StoppedTree implements CopyTree {
  readonly #root: CopyTree;
  readonly #mounts: readonly StoppedMount[];
  readonly #name: string;
  readonly #open: (directory: string) => CopyTree;
  readonly #opened = new Map<StoppedMount, CopyTree>();

  constructor(
    root: CopyTree,
    container: { readonly name: string; readonly mounts: readonly StoppedMount[] },
    open: (directory: string) => CopyTree,
  ) {
    this.#root = root;
    this.#mounts = container.mounts;
    this.#name = container.name;
    this.#open = open;
  }

  async look(path: string, follow: boolean): Promise<CopyEntry> {
    const place = this.#find(path);
    if (place === undefined) {
      const entry = await this.#root.look(path, follow);
      // A link may lead onto a mount: what the image has there nobody sees.
      const onto = entry.kind === 'missing' ? await this.#findWay(path) : entry.path;
      return this.#find(onto) === undefined ? entry : this.look(onto, follow);
    }
    const { mount, tree } = place;
    const entry = await tree.look(place.path, follow);
    const isInside = entry.path === mount.subpath || entry.path.startsWith(`${mount.subpath}/`);
    if (!isInside) throw failed(`${this.#name}: ${path} leads out of what is mounted at ${mount.target}`);
    const rest = entry.path.slice(mount.subpath.length);
    return { kind: entry.kind, path: rest === '/' ? mount.target : `${mount.target}${rest}` };
  }

  /** Of what the image does not have: without the links in that part of the path which it has. */
  async #findWay(path: string): Promise<string> {
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
      const entry = await this.#root.look(path.slice(0, at), true);
      if (entry.kind !== 'missing') return posix.join(entry.path, path.slice(at));
    }
    return path;
  }

  read(path: string, name: string): AsyncIterable<Uint8Array> {
    const place = this.#find(path);
    return place === undefined ? this.#root.read(path, name) : place.tree.read(place.path, name);
  }

  async write(...[directory, input, options]: Parameters<CopyTree['write']>): Promise<void> {
    const place = this.#find(directory);
    if (place === undefined) return this.#root.write(directory, input, options);
    const { mount, tree, path } = place;
    if (mount.readOnly) throw failed(`${this.#name}: ${directory} is mounted read-only`);
    await tree.write(path, input, options);
  }

  async remove(paths: readonly string[]): Promise<void> {
    for (const path of paths) {
      const held = this.#mounts.find(({ target }) => target === path || target.startsWith(`${path}/`));
      if (held) throw failed(`${this.#name}: ${path} holds what is mounted at ${held.target}`);
      const place = this.#find(path);
      if (place?.mount.readOnly) throw failed(`${this.#name}: ${path} is mounted read-only`);
      await (place?.tree ?? this.#root).remove([place?.path ?? path]);
    }
  }

  close(): void {
    for (const tree of this.#opened.values()) tree.close();
    this.#root.close();
  }

  /** On the mount that is nearest to it, if it is on one. */
  #find(path: string): Place | undefined {
    const [mount] = this.#mounts
      .filter(({ target }) => path === target || path.startsWith(`${target}/`))
      .sort((a, b) => b.target.length - a.target.length);
    if (mount === undefined) return undefined;
    if (mount.directory === undefined) {
      throw failed(
        `${path} is on ${mount.source}, which ${this.#name} has only while it runs`,
        'start the container, or copy to the source of the mount',
      );
    }
    const tree = this.#opened.get(mount) ?? this.#open(mount.directory);
    this.#opened.set(mount, tree);
    return { mount, tree, path: `${mount.subpath}${path.slice(mount.target.length) || '/'}` };
  }
}

function failed(message: string, hint?: string): TcError {
  return new TcError(message, { code: 'copy-failed', ...(hint && { hints: [hint] }) });
}
