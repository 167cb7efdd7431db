// up, create and scale: bring the project to what the files say. Detached only; attached-up.ts stays with them.

import type { DesiredInputs } from '../plan/observed-state.ts';
import { findChangedVolumes } from '../plan/resource-decision.ts';
import { planUp } from '../plan/up.ts';
import type { UpOptions } from '../plan/up-options.ts';
import type { ProjectModel } from '../project/model.ts';
import { type BuildWish, buildForUp } from './build.ts';
import type { Outcome, Undertaking } from './carry-out.ts';
import type { AppContext } from './context.ts';
import { carryOutUpdate } from './failed-update.ts';
import { formatInstant } from './instant.ts';
import { loadModel } from './project.ts';

export interface UpRequest {
  /** For the lock's holder record. */
  readonly verb: 'up' | 'create' | 'scale';
  readonly options: UpOptions;
  readonly images?: ImageChoice;
}

/** How the images of a command's services are got. */
export interface ImageChoice {
  /** Goes before the services' own policies. */
  readonly pull?: 'always' | 'missing' | 'never';
  /** Without progress. */
  readonly quiet?: boolean;
  /** Of those that services build; default: what is missing. */
  readonly build?: BuildWish;
}

export interface PreparedUp {
  readonly model: ProjectModel;
  readonly inputs: DesiredInputs;
  readonly options: UpOptions;
}

export async function up(context: AppContext, request: UpRequest): Promise<Outcome> {
  return executeUp(context, request.verb, await prepareUp(context, request.options, request.images));
}

/** Loads the files, gets images and looks up contents: all that can fail before anything is touched. */
export async function prepareUp(
  context: AppContext,
  options: UpOptions,
  images: ImageChoice = {},
): Promise<PreparedUp> {
  const model = loadModel(context, { services: namedServices(options) });
  await buildForUp(context, model, options, images.build ?? 'missing');
  const inputs = await lookUpInputs(context, model, options.noDeps ? options.services : undefined, images);
  const separator = nameSeparator(context);
  const replaceVolumes =
    options.replaceVolumes ?? (context.yes ? 'all' : await askAboutVolumes(context, model));
  const since = formatInstant(Date.now());
  return { model, inputs, options: { ...options, separator, replaceVolumes, since } };
}

/** Those that may be made anew, with the loss of what they hold. Where nobody can be asked, none. */
async function askAboutVolumes(context: AppContext, model: ProjectModel): Promise<string[]> {
  const { confirm, dryRun } = context;
  if (confirm === undefined || dryRun || Object.keys(model.volumes).length === 0) return [];
  const engine = await context.engine('read');
  const agreed: string[] = [];
  for (const { old, changes } of findChangedVolumes(model, await engine.observe(model.name, model))) {
    const fields = changes.map(({ path }) => path.split('.').slice(2).join('.')).join(', ');
    const question = `Volume ${old.name} exists with another ${fields} than the file says. Make it anew, and lose all data in it`;
    if (await confirm(question)) agreed.push(old.name);
  }
  return agreed;
}

export function executeUp(
  context: AppContext,
  verb: UpRequest['verb'],
  { model, inputs, options }: PreparedUp,
): Promise<Outcome> {
  const decide: Undertaking['decide'] = (state) => planUp(model, inputs, state, options);
  return carryOutUpdate(context, { verb, project: model.name, model, decide }, { model, inputs, options });
}

/** Between the parts of a container's name. */
export function nameSeparator({ selection }: AppContext): '-' | '_' {
  return selection.compatibility ? '_' : '-';
}

/**
 * Images and contents of the model's services, or only of those named, in the form in which records would
 * keep them. Images that are missing or due are pulled; a dry run only says so.
 */
export async function lookUpInputs(
  context: AppContext,
  model: ProjectModel,
  services?: readonly string[],
  { pull, quiet = false }: ImageChoice = {},
): Promise<DesiredInputs> {
  const choice = pull === undefined ? {} : { pull };
  if (context.dryRun) return (await context.engine('read')).resolveInputs(model, services, 'plan', choice);
  const engine = await context.engine('change');
  return engine.resolveInputs(model, services, 'execute', {
    ...choice,
    ...(!quiet && { on: context.on }),
    ...(context.parallel !== undefined && { parallel: context.parallel }),
    signal: context.interrupted,
  });
}

function namedServices({ services = [], scale = {} }: UpOptions): readonly string[] {
  return services.length === 0 ? [] : [...services, ...Object.keys(scale)];
}
