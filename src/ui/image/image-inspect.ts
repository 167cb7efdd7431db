// The output of `image inspect`: one array, in the shape of Docker's API.

import type { ImageDetails, ImageEntry } from '../../engine/ports.ts';
import { renderInspection } from '../inspection.ts';

/** Names are printed as they are given. */
export function renderImageInspection(images: readonly ImageDetails[], format: string | undefined): string {
  return renderInspection(images.map(viewDetails), format);
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
    Descriptor: image.index ? viewIndex(image.index) : describe(image),
    ...(image.members.length > 0 && { Manifests: image.members.map(viewMember) }),
  };
}

function viewIndex({ digest, mediaType, size }: NonNullable<ImageEntry['index']>) {
  return { mediaType, digest, size };
}

function describe({ digest, manifestSize, mediaType }: ImageEntry) {
  return { mediaType, digest, size: manifestSize };
}

/** As in version 1.48 of Docker's API. */
function viewMember(entry: ImageEntry) {
  const { digest, imageId, platform } = entry;
  return {
    ID: digest,
    Descriptor: { ...describe(entry), platform },
    Available: true,
    Kind: 'image',
    ImageData: { Platform: platform, ImageId: imageId },
  };
}
