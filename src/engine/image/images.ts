// The images of one command, each resolved once: from a reference to layers, configuration and accounts. The image
// `host` is made here and now; everything else comes from the store, which is loaded only then.

import { join } from 'node:path';
import { TcError } from '../../base/error.ts';
import { describeHostImage, resolveHostImage } from '../../image/host.ts';
import type { ImageConfig, ResolvedImage } from '../../image/image.ts';
import { readRegistrySettings } from '../../image/registry/settings.ts';
import type { PullPolicy } from '../../image/resolve.ts';
import type { ImageStore } from '../../image/store.ts';
import type { ProjectModel } from '../../project/model.ts';
import type { ServiceConfig } from '../../project/service-config.ts';
import type { AccountFiles } from '../../runtime/container-input.ts';
import { type Native, tcrunPath } from '../../runtime/native.ts';
import { resolvePullPolicy } from './pull-policy.ts';

/** An image's accounts are a few kilobytes; what is larger is not read (a file can be made to look endless). */
const ACCOUNT_FILE_LIMIT = 8 * 1024 * 1024;

export interface ImageSource {
  /** The data root, where the store is. */
  readonly root: string;
  readonly native: () => Native;
}

/** What planning needs of an image: nothing of it has to be unpacked. */
export interface DescribedImage {
  readonly id: string;
  readonly config: ImageConfig;
}

type Place = Pick<ProjectModel, 'workingDir' | 'positions'>;

export class Images {
  readonly #source: ImageSource;
  readonly #resolved = new Map<string, Promise<ResolvedImage>>();
  #host: DescribedImage | undefined;
  #store: Promise<ImageStore> | undefined;
  #lease: ReturnType<ImageStore['lease']> | undefined;

  constructor(source: ImageSource) {
    this.#source = source;
  }

  /** Ready to run: what is missing is pulled or loaded, as the service's policy has it. */
  resolve(service: ServiceConfig, place: Place | undefined): Promise<ResolvedImage> {
    const { name, platform = '' } = { ...service, name: referenceOf(service) };
    const key = `${name} ${platform}`;
    const known = this.#resolved.get(key);
    if (known) return known;
    const resolving = name === 'host' ? this.#resolveHost() : this.#obtain(service, name, place);
    this.#resolved.set(key, resolving);
    return resolving;
  }

  /** The same as far as it goes without getting anything: an image that is not here yet has no id. */
  async describe(service: ServiceConfig, place: Place | undefined): Promise<DescribedImage> {
    const name = referenceOf(service);
    if (name === 'host') {
      this.#host ??= describeHostImage(join(this.#source.root, 'layers'));
      return this.#host;
    }
    try {
      return await this.#resolveFromStore(service, name, place, 'never');
    } catch (error) {
      const isMissing = error instanceof TcError && error.code === 'no-such-image';
      if (!isMissing || resolvePullPolicy(service) === 'never') throw error;
      return { id: `not pulled yet: ${name}`, config: {} };
    }
  }

  /** From the first `resolve` on no image is removed, until records name those that were resolved: then this is called. */
  async release(): Promise<void> {
    const lease = await this.#lease;
    this.#lease = undefined;
    await lease?.release();
  }

  readAccounts(image: ResolvedImage): AccountFiles {
    const read = (path: string) => {
      for (const layer of image.layers) {
        const bytes = this.#source.native().readInRoot(layer, path, ACCOUNT_FILE_LIMIT);
        if (bytes) return Buffer.from(bytes).toString('utf8');
      }
      return undefined;
    };
    return { passwd: read('/etc/passwd'), group: read('/etc/group') };
  }

  async #resolveHost(): Promise<ResolvedImage> {
    return resolveHostImage(join(this.#source.root, 'layers'));
  }

  async #obtain(service: ServiceConfig, reference: string, place: Place | undefined): Promise<ResolvedImage> {
    this.#lease ??= this.store().then((store) => store.lease());
    await this.#lease;
    return this.#resolveFromStore(service, reference, place, resolvePullPolicy(service));
  }

  async #resolveFromStore(
    service: ServiceConfig,
    reference: string,
    place: Place | undefined,
    policy: PullPolicy | undefined,
  ): Promise<ResolvedImage> {
    const store = await this.store();
    const { platform } = service;
    const source = place?.positions.at(['services', service.name, 'image']);
    return store.resolve(reference, {
      directory: place?.workingDir ?? '/',
      ...(policy === undefined ? {} : { policy }),
      ...(platform === undefined ? {} : { platform }),
      ...(source === undefined ? {} : { source }),
    });
  }

  /** The store itself, for the commands about images. */
  store(): Promise<ImageStore> {
    this.#store ??= this.#openStore();
    return this.#store;
  }

  async #openStore(): Promise<ImageStore> {
    const { createImageStore } = await import('../../image/store.ts');
    return createImageStore({
      root: this.#source.root,
      native: this.#source.native(),
      executable: tcrunPath(),
      host: () => this.#resolveHost(),
      registries: readRegistrySettings(),
    });
  }
}

function referenceOf(service: ServiceConfig): string {
  if (service.image !== undefined) return service.image;
  throw new TcError(`service ${service.name} names no image, and building is not supported yet`, {
    code: 'no-such-image',
    hints: ['add `image:` to the service'],
  });
}
