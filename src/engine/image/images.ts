// The images of one plan, each resolved once: from a reference to layers, configuration and accounts. The image
// `host` is made here and now; everything else comes from the store, which is loaded only then.

import { join } from 'node:path';
import { describeHostImage, resolveHostImage } from '../../image/host.ts';
import type { ImageConfig, ResolvedImage } from '../../image/image.ts';
import type { ImageEvent } from '../../image/progress.ts';
import { readRegistrySettings } from '../../image/registry/settings.ts';
import type { ImageStore } from '../../image/store.ts';
import type { ProjectModel } from '../../project/model.ts';
import type { ServiceConfig } from '../../project/service-config.ts';
import type { AccountFiles } from '../../runtime/container-input.ts';
import { type Native, tcrunPath } from '../../runtime/native.ts';
import type { ImageNotice, ImageRequest } from './image-port.ts';
import { imageKey, type WantedImage, wantImage } from './wanted-image.ts';

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
  /** It would be pulled first: `due`, although it is here. */
  readonly pull?: 'missing' | 'due';
}

type Place = Pick<ProjectModel, 'name' | 'workingDir' | 'positions'>;

export class Images {
  readonly #source: ImageSource;
  readonly #resolved = new Map<string, Promise<ResolvedImage>>();
  readonly #accounts = new WeakMap<object, AccountFiles>();
  #host: DescribedImage | undefined;
  #store: Promise<ImageStore> | undefined;
  #lease: ReturnType<ImageStore['lease']> | undefined;

  constructor(source: ImageSource) {
    this.#source = source;
  }

  /** Of a service whose image was obtained, or will do as it is. */
  resolve(service: ServiceConfig, place: Place | undefined): Promise<ResolvedImage> {
    return this.obtain(wantImage(service, place), place);
  }

  /** Ready to run: what is missing is pulled or loaded, as the policy has it. Each image once, whoever asks first. */
  obtain(image: WantedImage, place: Place | undefined, request: ImageRequest = {}): Promise<ResolvedImage> {
    const key = imageKey(image);
    const known = this.#resolved.get(key);
    if (known) return known;
    const resolving = image.reference === 'host' ? this.#resolveHost() : this.#obtain(image, place, request);
    this.#resolved.set(key, resolving);
    return resolving;
  }

  /** The same as far as it goes without getting anything: an image that is not here yet has no id. */
  async describe(image: WantedImage, place: Place | undefined): Promise<DescribedImage> {
    const { policy, reference } = image;
    if (reference === 'host') {
      this.#host ??= describeHostImage(join(this.#source.root, 'layers'));
      return this.#host;
    }
    const store = await this.store();
    const known = await store.describe(reference, { ...locate(image, place), policy });
    if (known) return { id: known.id, config: known.config, ...(known.isDue && { pull: 'due' }) };
    // What is wrong with an image that is not here and must not be got is the store's to say.
    if (policy === 'never') return store.resolve(reference, { ...locate(image, place), policy });
    return { id: `not pulled yet: ${reference}`, config: {}, pull: 'missing' };
  }

  /**
   * From the first `obtain` on no image is removed, until records name those that were resolved: then this is called. What a
   * name stands for may be another image after that.
   */
  async release(): Promise<void> {
    this.#resolved.clear();
    const lease = await this.#lease;
    this.#lease = undefined;
    await lease?.release();
  }

  /** Those of an image that has been unpacked do not change. */
  readAccounts(image: Pick<ResolvedImage, 'layers'>): AccountFiles {
    const known = this.#accounts.get(image);
    if (known) return known;
    const read = (path: string) => {
      for (const layer of image.layers) {
        const bytes = this.#source.native().readInRoot(layer, path, ACCOUNT_FILE_LIMIT);
        if (bytes) return Buffer.from(bytes).toString('utf8');
      }
      return undefined;
    };
    const accounts = { passwd: read('/etc/passwd'), group: read('/etc/group') };
    this.#accounts.set(image, accounts);
    return accounts;
  }

  async #resolveHost(): Promise<ResolvedImage> {
    return resolveHostImage(join(this.#source.root, 'layers'));
  }

  async #obtain(
    image: WantedImage,
    place: Place | undefined,
    { on, signal }: ImageRequest,
  ): Promise<ResolvedImage> {
    const store = await this.store();
    this.#lease ??= store.lease();
    await this.#lease;
    const { reference, policy } = image;
    const notices = on && noticesOf(reference, on);
    try {
      return await store.resolve(reference, {
        ...locate(image, place),
        policy,
        ...(notices && { on: notices.tell }),
        ...(signal && { signal }),
      });
    } catch (error) {
      notices?.fail(error);
      throw error;
    }
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

/** Where relative paths count from, and which line of the files errors are about. */
function locate({ platform, services }: WantedImage, place: Place | undefined) {
  const source = place?.positions.at(['services', services[0] ?? '', 'image']);
  return {
    directory: place?.workingDir ?? '/',
    ...(platform === undefined ? {} : { platform }),
    ...(source === undefined ? {} : { source }),
  };
}

/** A failure is told of what was begun: everything else is the error's to say. */
function noticesOf(image: string, on: (notice: ImageNotice) => void) {
  let begun = false;
  return {
    tell(event: ImageEvent) {
      begun = true;
      on({ type: 'image', image, event });
    },
    fail(error: unknown) {
      const reason = error instanceof Error ? error.message : String(error);
      if (begun) on({ type: 'image', image, event: { type: 'failed', reason } });
    },
  };
}
