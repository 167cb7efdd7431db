// down: stop and remove what belongs to the project.

import type { Engine } from '../engine/ports.ts';
import type { DownOptions } from '../plan/down.ts';
import { planDown } from '../plan/down.ts';
import { type ImageScope, listNamedImages, type NamedImage, type StoredImage } from '../plan/down-images.ts';
import { carryOut, type Outcome } from './carry-out.ts';
import type { AppContext } from './context.ts';
import { findImage } from './images.ts';
import { type FoundProject, findProject } from './project.ts';

export interface DownRequest extends Omit<DownOptions, 'images'> {
  /** Images that go too. */
  readonly images?: ImageScope;
}

export async function down(
  context: AppContext,
  { images: scope, ...options }: DownRequest,
): Promise<Outcome> {
  const project = findProject(context);
  const { name, model } = project;
  const images = scope && (await findImages(context, project, { ...options, scope }));
  return carryOut(context, {
    verb: 'down',
    project: name,
    model,
    decide: (state) => planDown(model, state, { ...options, ...(images && { images }) }),
  });
}

async function findImages(
  context: AppContext,
  { model, name }: FoundProject,
  choice: Parameters<typeof listNamedImages>[2],
): Promise<readonly StoredImage[]> {
  const engine = await context.engine('read');
  const named = listNamedImages(model, await engine.observe(name), choice);
  const uses = await engine.images.uses();
  const found = await Promise.all(
    named.map(async (image) => {
      const stored = await findStored(engine, image);
      if (stored === undefined) return [];
      const users = uses
        .filter(({ imageId }) => imageId === stored.id)
        .map(({ container, containerId, project }) => ({ id: containerId, name: container, project }));
      return [{ image: image.image, ...stored, users }];
    }),
  );
  return found.flat();
}

/** By its name; by its id only if it has none, since other names are other people's. */
async function findStored(engine: Engine, { id, image }: NamedImage) {
  const byName = await findImage(engine, image);
  if (byName) return { reference: image, id: byName.imageId };
  const byId = id === undefined ? undefined : await findImage(engine, id);
  return byId?.names.length === 0 ? { reference: byId.imageId, id: byId.imageId } : undefined;
}
