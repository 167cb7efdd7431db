// Steps of builds from and to other machines. Only what its digest vouches for gets into the store: the documents, the
// blob of a layer, and the files in it. That a layer is the result of its step, whoever wrote the cache says.

import type { StoreContext } from '../context.ts';
import type { Descriptor } from '../descriptor.ts';
import { chainIds, type Digest, digestOf } from '../digest.ts';
import { installLayers } from '../install-layers.ts';
import { ociLayer, ociManifest } from '../media-type.ts';
import { compressLayer } from '../registry/compress.ts';
import type { OpenedSteps, StepManifest, StepPlace } from './place.ts';
import { formatSteps, type SharedStep, stepsType } from './steps-document.ts';

export class StepExchange {
  readonly #context: StoreContext;

  constructor(context: StoreContext) {
    this.#context = context;
  }

  async open(place: StepPlace, signal: AbortSignal): Promise<OpenedSteps> {
    if (place.kind === 'registry') {
      const { openRegistrySteps } = await import('./registry-steps.ts');
      return openRegistrySteps(this.#context, place.reference, signal);
    }
    const { openDirectorySteps } = await import('./directory-steps.ts');
    return openDirectorySteps(place.directory);
  }

  /** Gets the layer of a step, for its place on the layers below (diff ids, bottommost first). */
  async install(
    { source }: Pick<OpenedSteps, 'source'>,
    { layer, diffId }: SharedStep,
    below: readonly Digest[],
    signal: AbortSignal,
  ): Promise<void> {
    const chain = chainIds([...below, diffId]);
    const stop = new AbortController();
    const what = `layer ${layer.digest} of a build cache`;
    const job = {
      blob: layer,
      diffId,
      chainId: chain.at(-1) as Digest,
      parents: chain.slice(0, -1).reverse(),
      what,
    };
    await installLayers(this.#context, [job], {
      reference: what,
      source,
      on: () => undefined,
      signal: AbortSignal.any([signal, stop.signal]),
      stop: () => stop.abort(),
    });
  }

  async write(place: StepPlace, steps: readonly SharedStep[], signal: AbortSignal): Promise<void> {
    if (place.kind === 'registry') {
      const { writeRegistrySteps } = await import('./registry-steps.ts');
      const manifest = describeManifest(await this.#compress(steps));
      return writeRegistrySteps(this.#context, place.reference, manifest, signal);
    }
    const { writeDirectorySteps } = await import('./directory-steps.ts');
    return writeDirectorySteps(this.#context, place.directory, describeManifest(steps));
  }

  /** What goes over a network. */
  async #compress(steps: readonly SharedStep[]): Promise<SharedStep[]> {
    const compressed = new Map<Digest, Descriptor>();
    const result: SharedStep[] = [];
    for (const step of steps) {
      const { digest, mediaType } = step.layer;
      const layer =
        mediaType === ociLayer
          ? (compressed.get(digest) ?? (await compressLayer(this.#context, step.layer)))
          : step.layer;
      compressed.set(digest, layer);
      result.push({ ...step, layer });
    }
    return result;
  }
}

function describeManifest(steps: readonly SharedStep[]): StepManifest {
  const layers = [...new Map(steps.map(({ layer }) => [layer.digest, layer])).values()];
  const configBytes = Buffer.from(JSON.stringify(formatSteps(steps, layers)));
  const config = { mediaType: stepsType, digest: digestOf(configBytes), size: configBytes.length };
  const document = { schemaVersion: 2, mediaType: ociManifest, config, layers };
  return { bytes: Buffer.from(JSON.stringify(document)), config, configBytes, layers };
}
