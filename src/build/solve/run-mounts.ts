// What RUN has mounted: parts of contexts and stages, caches, secrets, sockets. Opened before the command's key is
// known, since what is bound is part of it; placed when the command runs.

import { chmod, chown, mkdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { TcError } from '../../base/error.ts';
import type { HeldCache } from '../../image/build-store.ts';
import { archiveEntries, digestEntries } from '../copy/layer-archive.ts';
import { LayerDraft } from '../copy/layer-draft.ts';
import type { LayerEntry } from '../copy/layer-entry.ts';
import { planCopy } from '../copy/plan-copy.ts';
import { scriptDirectory } from '../stage/make-run.ts';
import type { RunMount, RunStep } from '../stage/step.ts';
import { emptyTree } from '../tree/inline-tree.ts';
import { resolvePath } from '../tree/resolve-path.ts';
import { keyOf } from './key.ts';
import type { SecretSource } from './request.ts';
import { openAgent } from './ssh-agent.ts';
import type { StepMount } from './step-container.ts';
import type { StepContext } from './step-context.ts';

interface OpenedMount {
  /** Part of the key of the step. */
  readonly identity: unknown;
  readonly targets: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  place(directory: string): Promise<readonly StepMount[]>;
  close?(): Promise<void>;
}

export class RunMounts {
  readonly #mounts: readonly OpenedMount[];

  private constructor(mounts: readonly OpenedMount[]) {
    this.#mounts = mounts;
  }

  static async open(step: RunStep, context: StepContext): Promise<RunMounts> {
    const mounts: OpenedMount[] = [];
    for (const [index, mount] of step.mounts.entries()) mounts.push(await openMount(mount, index, context));
    if (step.script) mounts.push(openScript(step.script));
    return new RunMounts(mounts);
  }

  get identity(): unknown {
    return this.#mounts.map(({ identity }) => identity);
  }

  get targets(): readonly string[] {
    return this.#mounts.flatMap(({ targets }) => targets);
  }

  get environment(): Record<string, string> {
    return Object.assign({}, ...this.#mounts.map(({ environment }) => environment ?? {}));
  }

  async place(directory: string): Promise<readonly StepMount[]> {
    const placed: StepMount[] = [];
    for (const mount of this.#mounts) placed.push(...(await mount.place(directory)));
    return placed;
  }

  async close(): Promise<void> {
    for (const mount of this.#mounts) await mount.close?.();
  }
}

function openMount(mount: RunMount, index: number, context: StepContext): Promise<OpenedMount> {
  switch (mount.type) {
    case 'bind':
      return openBind(mount, index, context);
    case 'cache':
      return openCache(mount, context);
    case 'tmpfs':
      return Promise.resolve(openTmpfs(mount));
    case 'secret':
      return openSecret(mount, context);
    case 'ssh':
      return openSsh(mount, index, context);
  }
}

function openScript({ name, content }: NonNullable<RunStep['script']>): OpenedMount {
  const target = `${scriptDirectory}/${name}`;
  const file = { type: 'file', content: Buffer.from(content), target, uid: 0, gid: 0, mode: 0o755 } as const;
  return { identity: 'script', targets: [], place: async () => [file] };
}

function openTmpfs({ target = '', size, readOnly }: RunMount): OpenedMount {
  const mount = { type: 'tmpfs', target, readOnly, ...(size === undefined ? {} : { size }) } as const;
  return { identity: ['tmpfs', target, size, readOnly], targets: [target], place: async () => [mount] };
}

/** A part of a tree as a directory or file of its own: a layer on nothing, known by its content. */
async function openBind(mount: RunMount, index: number, context: StepContext): Promise<OpenedMount> {
  const { target = '', source = '', readOnly } = mount;
  const { entries, name } = await selectSource(mount, context);
  const { workshop, epoch } = context.solver;
  const content = await digestEntries(entries, workshop.digests(context));
  const what = `what is mounted at ${target}`;
  const placeCopy = async (directory: string) => {
    const copy = join(directory, `mount-${index}`);
    await mkdir(copy, { mode: 0o755 });
    await workshop.store.unpack(archiveEntries(entries, epoch), copy, what);
    return copy;
  };
  const placeShared = async () => {
    const key = keyOf('mount', content);
    const cached = workshop.store.findCached(key, []);
    const layer = cached ?? (await workshop.store.add(archiveEntries(entries), what, []));
    if (!cached) await workshop.store.keep([key], layer, []);
    return workshop.store.directory(layer);
  };
  return {
    identity: ['bind', target, content, source === '' ? '' : name, readOnly],
    targets: [target],
    place: async (directory) => {
      // What the command writes to it goes nowhere.
      const root = readOnly ? await placeShared() : await placeCopy(directory);
      return [{ type: 'bind', source: name === '' ? root : join(root, name), target, readOnly }];
    },
  };
}

/** `name`: of a file; empty: the whole of it is a directory. */
async function selectSource(
  { from = { kind: 'context' }, source = '' }: RunMount,
  context: StepContext,
): Promise<{ entries: readonly LayerEntry[]; name: string }> {
  const { tree } = await context.solver.open(from);
  const { path, entry } = await resolvePath(tree, source, { followLast: true });
  if (entry === undefined) {
    throw new TcError(`${source} is not in ${tree.name}`, { code: 'build-source' });
  }
  const draft = new LayerDraft(tree.name, emptyTree);
  const name = entry.type === 'directory' ? '' : basename(path);
  const literal = path.replace(/[*?[\\]/g, '\\$&');
  const destination = name === '' ? '/' : `/${name}`;
  await planCopy({ draft, tree, source: literal, destination, exclude: [], parents: false, now: 0 });
  return { entries: draft.list(), name };
}

async function openCache(mount: RunMount, context: StepContext): Promise<OpenedMount> {
  const { target = '', id = target, sharing = 'shared', readOnly } = mount;
  const { uid, gid, mode } = mount;
  const { workshop } = context.solver;
  let held: HeldCache | undefined;
  return {
    identity: ['cache', target, id, sharing, readOnly, uid, gid, mode],
    targets: [target],
    place: async () => {
      held = await workshop.store.cacheDirectory(id, sharing, workshop.options.signal);
      await prepareCache(held.path, mount, context);
      return [{ type: 'bind', source: held.path, target, readOnly }];
    },
    close: async () => held?.release(),
  };
}

async function prepareCache(path: string, mount: RunMount, context: StepContext): Promise<void> {
  if (await stat(path).catch(() => undefined)) return;
  // In a place from which what a killed build leaves is swept.
  const temporary = await context.solver.workshop.workspace();
  if (mount.from !== undefined) {
    const { entries } = await selectSource(mount, context);
    await context.solver.workshop.store.unpack(
      archiveEntries(entries),
      temporary,
      `the cache ${mount.target}`,
    );
  }
  await chmod(temporary, mount.mode ?? 0o755);
  await chown(temporary, mount.uid ?? 0, mount.gid ?? 0);
  await context.solver.workshop.store.publishCache(temporary, path);
}

async function openSecret(mount: RunMount, context: StepContext): Promise<OpenedMount> {
  const id = mount.id ?? mount.source ?? basename(mount.target ?? '');
  const source = context.solver.request.secrets[id];
  const { uid = 0, gid = 0, mode = 0o400 } = mount;
  const identity = ['secret', id, mount.target, mount.env, uid, gid, mode];
  if (source === undefined) {
    if (!mount.required) return { identity, targets: [], place: async () => [] };
    throw new TcError(`the secret "${id}" is required, and the build has none of this name`, {
      code: 'build-secret',
      hints: [`give it: build.secrets: [${id}], or --secret id=${id},src=FILE`],
    });
  }
  const content = await readSecret(id, source);
  const environment = mount.env === undefined ? undefined : { [mount.env || id]: content.toString('utf8') };
  const target = mount.target ?? (environment ? undefined : `/run/secrets/${id}`);
  if (target === undefined)
    return { identity, targets: [], ...(environment && { environment }), place: async () => [] };
  const file = { type: 'file', content, target, uid, gid, mode } as const;
  return { identity, targets: [target], ...(environment && { environment }), place: async () => [file] };
}

async function readSecret(id: string, source: SecretSource): Promise<Buffer> {
  if ('content' in source) return Buffer.from(source.content);
  if ('file' in source) {
    return readFile(source.file).catch((cause: Error) => {
      throw new TcError(`the secret "${id}" cannot be read: ${cause.message}`, {
        code: 'build-secret',
        cause,
      });
    });
  }
  const value = process.env[source.environment];
  if (value !== undefined) return Buffer.from(value);
  throw new TcError(`the secret "${id}": environment variable ${source.environment} is not set`, {
    code: 'build-secret',
  });
}

async function openSsh(mount: RunMount, index: number, context: StepContext): Promise<OpenedMount> {
  const id = mount.id ?? 'default';
  const socket = context.solver.request.ssh[id];
  const { uid = 0, gid = 0, mode = 0o600 } = mount;
  const identity = ['ssh', id, mount.target, uid, gid, mode];
  if (socket === undefined) {
    if (!mount.required) return { identity, targets: [], place: async () => [] };
    throw new TcError(`the step needs the SSH agent "${id}", and the build has none`, {
      code: 'build-secret',
      hints: [`give it: --ssh ${id}, with SSH_AUTH_SOCK set`],
    });
  }
  const target = mount.target ?? `/run/buildkit/ssh_agent.${index}`;
  let close: (() => Promise<void>) | undefined;
  return {
    identity,
    targets: [target],
    environment: { SSH_AUTH_SOCK: target },
    place: async (directory) => {
      const source = join(directory, `agent-${index}`);
      close = await openAgent(socket, { path: source, uid, gid, mode });
      return [{ type: 'bind', source, target, readOnly: true }];
    },
    close: async () => close?.(),
  };
}
