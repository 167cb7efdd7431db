// cp: files between a service's containers and this host.

import { dirname, join, normalize } from 'node:path';
import { TcError } from '../base/error.ts';
import type { CopyEntry, CopyTree, Engine } from '../engine/ports.ts';
import type { ObservedContainer, ObservedState } from '../plan/observed-state.ts';
import { requireContainer, selectContainers } from './containers.ts';
import type { AppContext } from './context.ts';
import { type CopySide, resolveTarget } from './copy-target.ts';
import { findNamedProject } from './named-project.ts';

export interface CopyRequest {
  /** `SERVICE:PATH`, a path of this host, or `-`: a tar on standard input or output. */
  readonly source: string;
  readonly destination: string;
  readonly index?: number;
  /** One-off containers of the service, too. */
  readonly all: boolean;
  /** Owners, set-user-id bits and capabilities as they are; else what is copied is root's. */
  readonly archive: boolean;
  readonly followLink: boolean;
  readonly input: AsyncIterable<Uint8Array>;
  output(chunk: Uint8Array): Promise<void>;
  /** Told before each container. */
  onCopy(container: ObservedContainer): void;
}

interface Place {
  readonly service?: string;
  readonly path: string;
}

export async function copy(context: AppContext, request: CopyRequest): Promise<void> {
  const [source, destination] = [parsePlace(request.source), parsePlace(request.destination)];
  const service = checkDirection(source, destination);
  const { name } = await findNamedProject(context);
  const engine = await context.engine('change');
  const isUpload = destination.service !== undefined;
  const containers = choose(await engine.observe(name), service, request, isUpload);
  if (request.source === '-' && containers.length > 1) {
    throw usage(
      `${service} has ${containers.length} containers, and standard input is read once`,
      'give --index',
    );
  }
  for (const container of containers) {
    request.onCopy(container);
    if (context.dryRun) continue;
    const tree = await engine.copy.container(container);
    try {
      if (isUpload) await upload(engine, { container, tree, context, request });
      else await download(engine, { container, tree, context, request });
    } finally {
      tree.close();
    }
  }
}

interface Copying {
  readonly container: ObservedContainer;
  readonly tree: CopyTree;
  readonly context: AppContext;
  readonly request: CopyRequest;
}

async function upload(engine: Engine, { container, context, request, tree }: Copying): Promise<void> {
  const { archive: keepOwners, followLink } = request;
  const path = insidePath(parsePlace(request.destination).path);
  const target = await lookAtTarget(tree, path);
  if (request.source === '-') {
    if (target.entry.kind !== 'directory') throw failed(`${container.name}:${path} is not a directory`);
    await tree.write(target.entry.path, request.input, { keepOwners, devices: false });
    return;
  }
  const host = await engine.copy.host('/');
  try {
    const source = await lookAtSource(host, hostPath(context, request.source), followLink);
    const { directory, name } = resolveTarget(source, target);
    await tree.write(directory, host.read(source.entry.path, name), { keepOwners, devices: true });
  } finally {
    host.close();
  }
}

async function download(engine: Engine, { container, context, request, tree }: Copying): Promise<void> {
  const source = await lookAtSource(tree, insidePath(parsePlace(request.source).path), request.followLink);
  if (source.entry.kind === 'missing') throw failed(`${container.name}:${source.path} does not exist`);
  if (request.destination === '-') {
    const name = resolveTarget(source, { path: '/', entry: { kind: 'directory', path: '/' } }).name;
    for await (const chunk of tree.read(source.entry.path, name)) await request.output(chunk);
    return;
  }
  const host = await engine.copy.host('/');
  let directory: CopyTree | undefined;
  try {
    const target = resolveTarget(source, await lookAtTarget(host, hostPath(context, request.destination)));
    // The directory itself is the root of what a container's content can reach.
    directory = await engine.copy.host(target.directory);
    const content = tree.read(source.entry.path, target.name);
    await directory.write('/', content, { keepOwners: request.archive, devices: false });
  } finally {
    directory?.close();
    host.close();
  }
}

/** A link is copied as one, unless it is to be followed: a slash behind it says so, too. */
async function lookAtSource(tree: CopyTree, path: string, followLink: boolean): Promise<CopySide> {
  const follow = followLink || path.endsWith('/') || path.endsWith('/.');
  return { path, entry: await tree.look(path, follow) };
}

/** What is not there yet needs a directory to be in. */
async function lookAtTarget(tree: CopyTree, path: string): Promise<CopySide> {
  const entry = await tree.look(path, true);
  if (entry.kind !== 'missing') return { path, entry };
  const plain = path.replace(/(\/\.?)+$/, '');
  const link = await tree.look(plain, false);
  if (link.kind === 'link') return { path, entry: link };
  const parent = await tree.look(dirname(plain), true);
  if (parent.kind !== 'directory')
    throw failed(`${dirname(plain)} is not a directory: there is nothing to copy into`);
  const missing: CopyEntry = {
    kind: 'missing',
    path: join(parent.path, plain.slice(plain.lastIndexOf('/') + 1)),
  };
  return { path, entry: missing };
}

function choose(
  state: ObservedState,
  service: string,
  { all, index }: CopyRequest,
  isUpload: boolean,
): readonly ObservedContainer[] {
  if (index !== undefined) return [requireContainer(state, service, index)];
  const oneOffs = all ? state.containers.filter((entry) => entry.oneOff && entry.service === service) : [];
  const found = [...selectContainers(state, [service]), ...oneOffs];
  if (found.length === 0) return [requireContainer(state, service, undefined)];
  return isUpload ? found : [requireFirst(found)];
}

/** A running one rather than another. */
function requireFirst(found: readonly ObservedContainer[]): ObservedContainer {
  return found.find(({ state }) => state === 'running') ?? (found[0] as ObservedContainer);
}

/** A name before the first colon is a service, unless the text is plainly a path. */
function parsePlace(text: string): Place {
  const colon = text.indexOf(':');
  if (colon <= 0 || text.startsWith('/') || text.startsWith('.')) return { path: text };
  return { service: text.slice(0, colon), path: text.slice(colon + 1) };
}

function checkDirection(source: Place, destination: Place): string {
  const form = 'write SERVICE:PATH for the one and a path of this host, or -, for the other';
  if (source.service !== undefined && destination.service !== undefined) {
    throw usage('copying between services is not supported', form);
  }
  const { path, service = '' } = source.service === undefined ? destination : source;
  if (service === '') throw usage('neither place is in a service', form);
  if (path === '') throw usage(`no path is given in ${service}`, form);
  return service;
}

/** Paths of containers start at the root; what their ends say is kept. */
function insidePath(path: string): string {
  return keepEnd(path, normalize(`/${path}`));
}

function hostPath({ selection }: AppContext, path: string): string {
  return keepEnd(path, path.startsWith('/') ? normalize(path) : join(selection.workingDir, path));
}

/** `.` at the end is lost by making a path plain, and means something. */
function keepEnd(typed: string, path: string): string {
  const isContents = typed === '.' || typed.endsWith('/.');
  return isContents ? `${path.replace(/\/$/, '')}/.` : path;
}

function failed(message: string): TcError {
  return new TcError(message, { code: 'copy-failed' });
}

function usage(message: string, hint: string): TcError {
  return new TcError(message, { code: 'usage', exitCode: 2, hints: [hint] });
}
