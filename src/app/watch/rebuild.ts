// A service whose sources have changed: its image is built, and it becomes what `up` would make of it.

import { changeError, TcError } from '../../base/error.ts';
import type { Engine } from '../../engine/ports.ts';
import type { ObservedState } from '../../plan/observed-state.ts';
import { replicasByService } from '../../plan/selection.ts';
import type { UpOptions } from '../../plan/up-options.ts';
import type { ProjectModel } from '../../project/model.ts';
import { buildForUp } from '../build.ts';
import { imageNameOf } from '../build-request.ts';
import type { AppContext } from '../context.ts';
import { formatInstant } from '../instant.ts';
import { executeUp, lookUpInputs, nameSeparator } from '../up.ts';

export interface RebuildOptions {
  readonly model: ProjectModel;
  readonly services: readonly string[];
  /** Of the command that watches. */
  readonly up: UpOptions;
  readonly prune: boolean;
  /** Nothing of the build is shown: what it printed comes with its failure. */
  readonly quiet: boolean;
}

/** Lines of a step that failed. */
const shownLines = 20;
const keptText = 16 * 1024;

/** The services whose image is another one now. */
export async function rebuild(context: AppContext, options: RebuildOptions): Promise<ReadonlySet<string>> {
  const { model, services, up } = options;
  const engine = await context.engine('change');
  const before = await listImageIds(engine, options);
  await build(context, options);
  const after = await listImageIds(engine, options);
  const replaced = services.filter((name) => before.get(name) !== after.get(name));
  const inputs = await lookUpInputs(context, model, up.noDeps ? services : undefined);
  const state = await engine.observe(model.name, model);
  await executeUp(context, 'up', { model, inputs, options: toUpOptions(context, options, state) });
  if (options.prune) await prune(engine, new Set(replaced.flatMap((name) => before.get(name) ?? [])));
  return new Set(replaced);
}

async function build(context: AppContext, { model, quiet, services }: RebuildOptions): Promise<void> {
  if (!quiet) return buildForUp(context, model, { services, noDeps: true }, 'always');
  const texts = new Map<number, string>();
  let failed = '';
  const on: AppContext['on'] = (event) => {
    context.on(event);
    if (event.type !== 'build') return;
    const told = event.event;
    if (told.type === 'step-output')
      texts.set(told.id, `${texts.get(told.id) ?? ''}${told.text}`.slice(-keptText));
    if (told.type === 'step' && told.phase === 'failed') failed = texts.get(told.id) ?? '';
    if (told.type === 'step' && told.phase !== 'started') texts.delete(told.id);
  };
  try {
    await buildForUp({ ...context, on }, model, { services, noDeps: true }, 'always');
  } catch (error) {
    const output = failed.trimEnd().split('\n').slice(-shownLines);
    throw error instanceof TcError && failed !== '' ? changeError(error, { output }) : error;
  }
}

function toUpOptions(context: AppContext, options: RebuildOptions, state: ObservedState): UpOptions {
  const { model, services, up } = options;
  // What was scaled, by the command or meanwhile, stays so: its dependencies, too.
  const counts = [...replicasByService(state)].map(([name, replicas]): [string, number] => [
    name,
    new Set(replicas.map((each) => each.number)).size,
  ]);
  return {
    services,
    scale: Object.fromEntries(counts.filter(([name]) => name in model.services)),
    ignoreOrphans: true,
    replaceVolumes: [],
    separator: nameSeparator(context),
    since: formatInstant(Date.now()),
    ...(up.noDeps !== undefined && { noDeps: up.noDeps }),
    ...(up.timeout !== undefined && { timeout: up.timeout }),
  };
}

/** Service -> its image; without those that are not here. */
async function listImageIds(
  engine: Engine,
  { model, services }: RebuildOptions,
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const name of services) {
    const service = model.services[name];
    const image = service && (await engine.images.inspect(imageNameOf(service, model)).catch(ignoreMissing));
    if (image) found.set(name, image.imageId);
  }
  return found;
}

function ignoreMissing(error: unknown): undefined {
  if (!(error instanceof TcError && error.code === 'no-such-image')) throw error;
}

/** Those that have no name and no container. */
async function prune(engine: Engine, ids: ReadonlySet<string>): Promise<void> {
  const uses = new Set<string>((await engine.images.uses()).map(({ imageId }) => imageId));
  const named = new Set<string>(
    (await engine.images.list()).flatMap(({ imageId, name }) => (name === undefined ? [] : [imageId])),
  );
  for (const id of ids) {
    if (uses.has(id) || named.has(id)) continue;
    // Somebody may have taken it, or been quicker: it is a tidying up.
    await engine.images.remove(id, {}).catch(() => undefined);
  }
}
