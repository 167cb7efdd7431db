// The output of `image inspect`: one array, in the shape of Docker's API.

import type { ImageDetails } from '../../engine/ports.ts';
import { compileTemplate } from '../template/evaluate.ts';

/** Names are printed as they are given. */
export function renderInspection(images: readonly ImageDetails[], format: string | undefined): string {
  const views = images.map(viewDetails);
  if (format === undefined || format === '') return `${JSON.stringify(views, undefined, 4)}\n`;
  if (format === 'json') return views.map((view) => `${JSON.stringify(view)}\n`).join('');
  const render = compileTemplate(format);
  return views.map((view) => `${render(view)}\n`).join('');
}

function viewDetails(image: ImageDetails) {
  const { author = '', config, created = '', history, layers, platform } = image;
  return {
    Id: image.imageId,
    RepoTags: image.names,
    RepoDigests: image.repoDigests,
    Comment: history.at(-1)?.comment ?? '',
    Created: created,
    Author: author,
    Config: config,
    Architecture: platform.architecture,
    ...(platform.variant === undefined ? {} : { Variant: platform.variant }),
    Os: platform.os,
    Size: image.size,
    RootFS: { Type: 'layers', Layers: layers.map((layer) => layer.diffId) },
    Metadata: { LastTagTime: image.tagged },
    Descriptor: { mediaType: image.mediaType, digest: image.digest, size: image.manifestSize },
  };
}
