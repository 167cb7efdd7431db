// Steps of builds in a registry.

import type { StoreContext } from '../context.ts';
import { documentLimit, type JsonObject, malformed, parseDescriptor } from '../descriptor.ts';
import { listImages, parseManifest } from '../manifest.ts';
import { parseRegistryReference, type RegistryReference } from '../reference.ts';
import { putManifest, readBlob, readManifest, upload } from '../registry/artifact.ts';
import { fetchBlob } from '../registry/blob-fetch.ts';
import { eachOf, parallelUploads } from '../registry/push.ts';
import { Registry } from '../registry/registry.ts';
import { uploadBlob } from '../registry/upload.ts';
import type { OpenedSteps, StepManifest } from './place.ts';
import { readSteps, type SharedStep } from './steps-document.ts';

export async function openRegistrySteps(
  context: StoreContext,
  text: string,
  signal: AbortSignal,
): Promise<OpenedSteps> {
  const reference = parseRegistryReference(text);
  const registry = new Registry(reference.domain, {
    settings: context.options.registries,
    use: 'pull',
    signal,
  });
  try {
    const steps: SharedStep[] = [];
    for (const manifest of await findManifests(registry, reference)) {
      const config = parseDescriptor(manifest['config'], `${text}: config`);
      if (config.size > documentLimit) throw malformed(text, `its config has ${config.size} bytes`);
      steps.push(...readSteps(manifest, await readBlob(registry, reference, config, signal), text));
    }
    return {
      steps,
      source: (blob, stop) => fetchBlob(registry, reference, blob, stop),
      close: () => registry.close(),
    };
  } catch (error) {
    registry.close();
    throw error;
  }
}

/** Of an image for several platforms: each of them, as a build may be for several, too. */
async function findManifests(registry: Registry, reference: RegistryReference): Promise<JsonObject[]> {
  const { document, bytes } = await readManifest(registry, reference);
  if (!('manifests' in document)) return [document];
  const index = parseManifest(bytes, reference.repository);
  if (index.kind === 'manifest') return [document];
  const found: JsonObject[] = [];
  for (const { digest } of listImages(index))
    found.push((await readManifest(registry, { ...reference, digest })).document);
  return found;
}

export async function writeRegistrySteps(
  context: StoreContext,
  text: string,
  { bytes, config, configBytes, layers }: StepManifest,
  signal: AbortSignal,
): Promise<void> {
  const reference = parseRegistryReference(text);
  const registry = new Registry(reference.domain, {
    settings: context.options.registries,
    use: 'push',
    signal,
  });
  try {
    await eachOf(layers, parallelUploads, (blob) =>
      uploadBlob({
        registry,
        reference,
        blob,
        from: [],
        read: (offset) => context.content.read(blob.digest, offset),
        on: () => undefined,
      }),
    );
    await upload(registry, reference, config, configBytes);
    await putManifest(registry, reference, bytes);
  } finally {
    registry.close();
  }
}
