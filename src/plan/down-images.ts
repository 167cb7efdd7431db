// `down --rmi`: which images go with the project, and which stay because somebody else's containers need them.

import type { ProjectModel } from '../project/model.ts';
import type { ServiceConfig } from '../project/service-config.ts';
import type { ObservedContainer, ObservedState } from './observed-state.ts';
import type { Cause, NodeId } from './operation.ts';
import type { PlanBuilder } from './plan-builder.ts';

/** `local`: those without a name of their own, which the project has built. */
export type ImageScope = 'all' | 'local';

/** An image that a service or a container of the project names. */
export interface NamedImage {
  readonly image: string;
  /** Of a container that was made from it: what an archive holds has no name in the store. */
  readonly id?: string;
}

/** The same, found in the store. */
export interface StoredImage {
  readonly image: string;
  /** What the store knows it by: a name, or an id. */
  readonly reference: string;
  readonly id: string;
  /** Containers of every project. */
  readonly users: readonly { readonly id: string; readonly name: string; readonly project: string }[];
}

export interface ImageChoice {
  readonly scope: ImageScope;
  /** None: all. */
  readonly services?: readonly string[];
}

/** Each once. Without a model the containers tell. */
export function listNamedImages(
  model: ProjectModel | undefined,
  state: ObservedState,
  { scope, services = [] }: ImageChoice,
): NamedImage[] {
  const isMeant = (name: string) =>
    (services.length === 0 || services.includes(name)) && (model === undefined || name in model.services);
  const named = new Map<string, NamedImage>();
  for (const service of Object.values(model?.services ?? {}).filter(({ name }) => isMeant(name))) {
    const image = imageOf(service, state.project);
    if (image !== undefined && isInScope(service, scope)) named.set(image, { image });
  }
  for (const { image, inputs, recorded } of state.containers.filter(({ service }) => isMeant(service))) {
    if (isInScope(recorded, scope)) named.set(image, { image, id: inputs.imageId });
  }
  return [...named.values()];
}

/** What is built without a name gets one of project and service. */
function imageOf({ build, image, name }: ServiceConfig, project: string): string | undefined {
  return image ?? (build === undefined ? undefined : `${project}-${name}`);
}

function isInScope({ image }: Pick<ServiceConfig, 'image'>, scope: ImageScope): boolean {
  return scope === 'all' || image === undefined;
}

export interface ImageRemoval {
  readonly builder: PlanBuilder;
  readonly cause: Cause;
  /** Container -> the step that removes it. */
  readonly removed: ReadonlyMap<string, NodeId>;
  readonly containers: readonly ObservedContainer[];
}

/** After the last of its containers is gone. */
export function removeImages(images: readonly StoredImage[], removal: ImageRemoval): void {
  const { builder, cause, removed, containers } = removal;
  for (const { id, image, reference, users } of images) {
    const left = users.filter((user) => !removed.has(user.id));
    if (left.length > 0) {
      const names = left.map(({ name, project }) => `${name} of project ${project}`);
      builder.warn({
        code: 'image-in-use',
        message: `image ${image} stays: it is in use by ${names.join(', ')}`,
        hint: 'remove these containers first',
      });
      continue;
    }
    const own = containers.filter(({ inputs }) => inputs.imageId === id);
    const after = own.flatMap((container) => removed.get(container.id) ?? []);
    builder.add({ operation: { kind: 'remove-image', image, reference }, cause, after });
  }
}
