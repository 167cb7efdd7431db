// What the names of a build's own contexts stand for: a directory, an image, another service's image.

import { resolve } from 'node:path';
import { TcError } from '../../base/error.ts';
import type { BaseImage } from '../../image/build-store.ts';
import type { Platform } from '../../image/platform.ts';
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
  async base(name: string): Promise<{ readonly image: BaseImage } | { readonly target: Target }> {
    const { kind, value } = this.#classify(name);
    switch (kind) {
      case 'image':
        return { image: await this.#load(value) };
      case 'service':
        return { target: this.#workshop.targetOf(value, this.#request.name) };
      case 'directory':
        throw new TcError(`"${name}" is a directory, and an image cannot be built on one`, {
          code: 'build-base',
          hints: ['give the name an image: docker-image://NAME'],
        });
    }
  }

  async open(name: string): Promise<OpenedSource> {
    const { kind, value } = this.#classify(name);
    const title = `context "${name}"`;
    if (kind === 'directory') return { tree: await this.#workshop.sources.context(value, undefined, title) };
    const { layers } =
      kind === 'image'
        ? await this.#load(value)
        : await this.#workshop.targetOf(value, this.#request.name).solve();
    return this.#workshop.openLayers(layers, title);
  }

  #load(reference: string): Promise<BaseImage> {
    const { context, pull } = this.#request;
    return this.#workshop.loadImage(reference, { directory: context, platform: this.#platform, pull });
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
