// What `pull` and `push` share: which services are meant, and what becomes of failures.

import { changeError, joinErrors, TcError } from '../base/error.ts';
import type { ImageNotice, PullFailure } from '../engine/ports.ts';
import type { Plan, PlannedImage } from '../plan/operation.ts';
import { selectServices } from '../plan/selection.ts';
import type { ProjectModel } from '../project/model.ts';
import type { ServiceConfig } from '../project/service-config.ts';
import type { AppContext } from './context.ts';
import { loadModel } from './project.ts';

export interface ServiceChoice {
  /** None: all. */
  readonly services: readonly string[];
  readonly includeDependencies?: boolean;
}

export interface MeantServices {
  readonly model: ProjectModel;
  readonly services: readonly ServiceConfig[];
}

/** In the order of the model; a service that somebody else provides has no image. */
export function findMeantServices(context: AppContext, choice: ServiceChoice): MeantServices {
  const { includeDependencies = false, services } = choice;
  const model = loadModel(context, { services });
  const { selected } = selectServices(model, { services, noDeps: !includeDependencies });
  const meant = Object.values(model.services).filter(({ name }) => selected.has(name));
  return { model, services: meant.filter(({ provider }) => provider === undefined) };
}

/** Nothing would be done but this. */
export function planOfImages(project: string, images: readonly PlannedImage[]): Plan {
  return { project, nodes: [], warnings: [], ...(images.length > 0 && { images }) };
}

export function skip(context: AppContext, service: ServiceConfig, reason: string): void {
  const { image, name } = service;
  const what: Partial<ImageNotice> = image === undefined ? { service: name } : { image };
  context.on({ type: 'image', ...what, event: { type: 'skipped', reason } });
}

/** Told as warnings if they are to be ignored; else thrown, all of them. */
export function settleFailures(
  context: AppContext,
  failures: readonly PullFailure[],
  { ignore, code }: { readonly ignore: boolean; readonly code: string },
): void {
  const errors = failures.map(({ error, services }) => nameServices(error, services));
  if (!ignore && errors.length > 0) throw joinErrors(errors);
  for (const error of errors) {
    if (!(error instanceof TcError) || error.kind === 'bug') throw error;
    const { message, source } = error;
    context.on({ type: 'warning', warning: { code, message, ...(source && { source }) } });
  }
}

/** The line of the files names one service; the others that want the same image are named in words. */
function nameServices(error: unknown, services: readonly string[]): unknown {
  if (!(error instanceof TcError) || services.length < 2) return error;
  return changeError(error, { hints: [...error.hints, `services ${services.join(', ')} use this image`] });
}
