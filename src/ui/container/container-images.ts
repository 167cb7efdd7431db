// The output of `images`.

import type { ImageDetails } from '../../engine/ports.ts';
import type { ObservedContainer } from '../../plan/observed-state.ts';
import { describeSize } from '../human-size.ts';
import { describeAge } from '../human-time.ts';
import { shortenReference, splitReference } from '../image-name.ts';
import { renderTable } from '../table.ts';

export interface ContainerImageRow {
  readonly container: ObservedContainer;
  readonly image?: ImageDetails;
}

export interface ContainerImagesOptions {
  readonly format: 'table' | 'json';
  /** Ids only, each once. */
  readonly quiet: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Field names and order as Docker Compose writes them. */
interface ContainerImageView {
  readonly ID: string;
  readonly ContainerName: string;
  readonly Repository: string;
  readonly Tag: string;
  readonly Platform: string;
  readonly Size: number;
  readonly Created?: string;
  readonly LastTagTime?: string;
}

const headers = ['CONTAINER', 'REPOSITORY', 'TAG', 'PLATFORM', 'IMAGE ID', 'SIZE', 'CREATED'];

export function renderContainerImages(
  rows: readonly ContainerImageRow[],
  { format, now, quiet }: ContainerImagesOptions,
): string {
  const views = rows.map(viewContainerImage);
  if (quiet) return [...new Set(views.map(({ ID }) => `${withoutAlgorithm(ID)}\n`))].join('');
  if (format === 'json') return `${JSON.stringify(views)}\n`;
  const cells = views.map((view) => [
    view.ContainerName,
    view.Repository || '<none>',
    view.Tag || '<none>',
    view.Platform,
    withoutAlgorithm(view.ID).slice(0, 12),
    describeSize(view.Size),
    describeAge(view.Created, now) || 'N/A',
  ]);
  return renderTable([headers, ...cells], { minimumWidth: 20 });
}

function viewContainerImage({ container, image }: ContainerImageRow): ContainerImageView {
  const { repository, tag } = splitReference(nameOf(container, image));
  const { os = 'linux', architecture, variant } = image?.platform ?? {};
  return {
    ID: container.inputs.imageId,
    ContainerName: container.name,
    Repository: repository,
    Tag: tag,
    Platform: [os, architecture, variant].filter((part) => part !== undefined).join('/'),
    Size: image?.size ?? 0,
    ...(image?.created && { Created: image.created }),
    ...(image?.tagged && { LastTagTime: image.tagged }),
  };
}

/** Of several names the one that the service uses. What the store does not hold is named as the files name it. */
function nameOf(container: ObservedContainer, image: ImageDetails | undefined): string {
  if (image === undefined) return container.image;
  const wanted = [container.image, `${container.image}:latest`];
  return image.names.find((name) => wanted.includes(shortenReference(name))) ?? image.names[0] ?? '';
}

function withoutAlgorithm(id: string): string {
  return id.slice(id.indexOf(':') + 1);
}
