// What the names of a build's own contexts stand for: a directory, an image, another service's image.

import { resolve } from 'node:path';
import { TcError } from '../../base/error.ts';
import type { BaseImage } from '../../image/build-store.ts';
import type { Platform } from '../../image/platform.ts';
import type { Step } from '../stage/step.ts';
import type { OpenedSource } from './opened-source.ts';
import type { BuildRequest } from './request.ts';
import type { Target } from './target.ts';
import type { Workshop } from './workshop.ts';

export class NamedContexts {
  readonly #request: BuildRequest;
  readonly #platform: Platform;
  readonly #workshop: Workshop;

  constructor(request: BuildRequest, platform: Platform, workshop: Workshop) {
    this.#request = request;
    this.#platform = platform;
    this.#workshop = workshop;
  }

  /** To build on. */
  async base(
    name: string,
    platform: Platform,
  ): Promise<{ readonly image: BaseImage } | { readonly target: Target }> {
    const { kind, value } = this.#classify(name);
    switch (kind) {
      case 'image':
        return { image: await this.#load(value, platform) };
      case 'service': {
        const target = this.#target(value, platform);
        await target.prepare();
        return { target };
      }
      case 'directory':
        throw new TcError(`"${name}" is a directory, and an image cannot be built on one`, {
          code: 'build-base',
          hints: ['give the name an image: docker-image://NAME'],
        });
    }
  }

  /** What can fail before anything runs, of the images that the steps take files from. */
  async prepare(steps: readonly Step[]): Promise<void> {
    const sources = steps.flatMap((step) => {
      if (step.kind === 'copy') return [step.from];
      return step.kind === 'run' ? step.mounts.map(({ from }) => from) : [];
    });
    for (const source of sources) {
      if (source?.kind !== 'named') continue;
      const { kind, value } = this.#classify(source.name);
      if (kind === 'service') await this.#target(value, this.#platform).prepare();
    }
  }

  #target(service: string, platform: Platform): Target {
    return this.#workshop.targetOf(service, this.#request.name).for(platform);
  }

  async open(name: string): Promise<OpenedSource> {
    const { kind, value } = this.#classify(name);
    const title = `context "${name}"`;
    if (kind === 'directory') return { tree: await this.#workshop.sources.context(value, undefined, title) };
    const { layers } =
      kind === 'image'
        ? await this.#load(value, this.#platform)
        : await this.#target(value, this.#platform).solve();
    return this.#workshop.openLayers(layers, title);
  }

  #load(reference: string, platform: Platform): Promise<BaseImage> {
    const { context, pull } = this.#request;
    return this.#workshop.loadImage(reference, { directory: context, platform, pull });
  }

  #classify(name: string): { kind: 'image' | 'service' | 'directory'; value: string } {
    const text = this.#request.namedContexts[name] ?? '';
    const [, scheme, rest = ''] =
      /^(docker-image:\/\/|oci-layout:\/\/|service:|target:)(.*)$/s.exec(text) ?? [];
    if (scheme === 'docker-image://') return { kind: 'image', value: rest };
    if (scheme === 'oci-layout://') return { kind: 'image', value: `oci:${rest}` };
    if (scheme !== undefined) return { kind: 'service', value: rest };
    return { kind: 'directory', value: resolve(this.#request.context, text) };
  }
}
