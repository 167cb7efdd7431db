// up, create and scale: bring the project to what the files say. Detached only; attached-up.ts stays with them.

import type { DesiredInputs } from '../plan/observed-state.ts';
import { findChangedVolumes } from '../plan/resource-decision.ts';
import { planUp } from '../plan/up.ts';
import type { UpOptions } from '../plan/up-options.ts';
import type { ProjectModel } from '../project/model.ts';
import { carryOut, type Outcome } from './carry-out.ts';
import type { AppContext } from './context.ts';
import { formatInstant } from './instant.ts';
import { loadModel } from './project.ts';

export interface UpRequest {
  /** For the lock's holder record. */
  readonly verb: 'up' | 'create' | 'scale';
  readonly options: UpOptions;
}

export interface PreparedUp {
  readonly model: ProjectModel;
  readonly inputs: DesiredInputs;
  readonly options: UpOptions;
}

export async function up(context: AppContext, request: UpRequest): Promise<Outcome> {
  return executeUp(context, request.verb, await prepareUp(context, request.options));
}

/** Loads the files and looks up images and contents: all that can fail before anything is touched. */
export async function prepareUp(context: AppContext, options: UpOptions): Promise<PreparedUp> {
  const model = loadModel(context, { services: namedServices(options) });
  const inputs = await lookUpInputs(context, model, options.noDeps ? options.services : undefined);
  const separator = nameSeparator(context);
  const replaceVolumes = options.replaceVolumes ?? (await askAboutVolumes(context, model));
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
    const question = `Volume ${old.name} exists with another ${fields} than the file says. Make it anew? All data in it is lost`;
    if (await confirm(question)) agreed.push(old.name);
  }
  return agreed;
}

export function executeUp(
  context: AppContext,
  verb: UpRequest['verb'],
  { model, inputs, options }: PreparedUp,
): Promise<Outcome> {
  return carryOut(context, {
    verb,
    project: model.name,
    model,
    decide: (state) => planUp(model, inputs, state, options),
  });
}

/** Between the parts of a container's name. */
export function nameSeparator({ selection }: AppContext): '-' | '_' {
  return selection.compatibility ? '_' : '-';
}

/**
 * Images and contents of the model's services, or only of those named, in the form in which records would
 * keep them.
 */
export async function lookUpInputs(
  context: AppContext,
  model: ProjectModel,
  services?: readonly string[],
): Promise<DesiredInputs> {
  const engine = await context.engine(context.dryRun ? 'read' : 'change');
  return engine.resolveInputs(model, services, context.dryRun ? 'plan' : 'execute');
}

function namedServices({ services = [], scale = {} }: UpOptions): readonly string[] {
  return services.length === 0 ? [] : [...services, ...Object.keys(scale)];
}
