// Media types of the OCI image specification and of Docker's image manifest version 2, schema 2.

export const ociIndex = 'application/vnd.oci.image.index.v1+json';
export const ociManifest = 'application/vnd.oci.image.manifest.v1+json';
export const ociConfig = 'application/vnd.oci.image.config.v1+json';
export const ociLayer = 'application/vnd.oci.image.layer.v1.tar';
export const dockerIndex = 'application/vnd.docker.distribution.manifest.list.v2+json';
export const dockerManifest = 'application/vnd.docker.distribution.manifest.v2+json';
export const dockerConfig = 'application/vnd.docker.container.image.v1+json';
export const dockerLayer = 'application/vnd.docker.image.rootfs.diff.tar';
const dockerForeignLayer = 'application/vnd.docker.image.rootfs.foreign.diff.tar';
const ociForeignLayer = 'application/vnd.oci.image.layer.nondistributable.v1.tar';

/** What a registry is asked for. */
export const acceptedManifests = [ociIndex, ociManifest, dockerIndex, dockerManifest];

export function isIndexType(mediaType: string): boolean {
  return mediaType === ociIndex || mediaType === dockerIndex;
}

export function isManifestType(mediaType: string): boolean {
  return mediaType === ociManifest || mediaType === dockerManifest;
}

/** Some builders (old buildah, kaniko) leave the config's type at the neighbouring format's; both mean an image. */
export function isImageConfigType(mediaType: string): boolean {
  return mediaType === ociConfig || mediaType === dockerConfig;
}

const layerTypes = new Set(
  [ociLayer, ociForeignLayer]
    .flatMap((type) => [type, `${type}+gzip`, `${type}+zstd`])
    .concat([dockerLayer, dockerForeignLayer].flatMap((type) => [type, `${type}.gzip`, `${type}.zstd`])),
);

export function isLayerType(mediaType: string): boolean {
  return layerTypes.has(mediaType);
}

/** A layer that may be had only from its own `urls` (Windows base layers). */
export function isForeignLayerType(mediaType: string): boolean {
  return mediaType.startsWith(ociForeignLayer) || mediaType.startsWith(dockerForeignLayer);
}

/** Docker's types in OCI's words; the formats are the same. */
export function toOciType(mediaType: string): string {
  if (mediaType === dockerManifest) return ociManifest;
  if (mediaType === dockerConfig) return ociConfig;
  return mediaType
    .replace(dockerForeignLayer, ociForeignLayer)
    .replace(dockerLayer, ociLayer)
    .replace(/\.(gzip|zstd)$/, '+$1');
}
