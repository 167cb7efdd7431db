// The images of one command, each resolved once: from a reference to layers, configuration and accounts.

import { createHash } from 'node:crypto';
import { realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { TcError } from '../../base/error.ts';
import { resolveHostImage } from '../../image/host.ts';
import { computeHostEntries, computeHostImageId, HOST_CONFIG } from '../../image/host-entries.ts';
import { observeHostSystem } from '../../image/host-system.ts';
import type { ImageConfig, ResolvedImage } from '../../image/image.ts';
import type { ServiceConfig } from '../../project/service-config.ts';
import type { AccountFiles } from '../../runtime/container-input.ts';
import type { Native } from '../../runtime/native.ts';

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

export class Images {
  readonly #source: ImageSource;
  readonly #resolved = new Map<string, Promise<ResolvedImage>>();
  readonly #described = new Map<string, DescribedImage>();

  constructor(source: ImageSource) {
    this.#source = source;
  }

  /** Ready to run. The image `host` is made if it is not there yet. */
  resolve(service: ServiceConfig): Promise<ResolvedImage> {
    const reference = referenceOf(service);
    const known = this.#resolved.get(reference);
    if (known) return known;
    const resolving = this.#resolveReference(reference);
    this.#resolved.set(reference, resolving);
    return resolving;
  }

  /** The same without writing anything. */
  async describe(service: ServiceConfig): Promise<DescribedImage> {
    const reference = referenceOf(service);
    if (reference !== 'host') return this.resolve(service);
    const known = this.#described.get(reference) ?? describeHost();
    this.#described.set(reference, known);
    return known;
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

  async #resolveReference(reference: string): Promise<ResolvedImage> {
    if (reference === 'host') return resolveHostImage(join(this.#source.root, 'layers'));
    if (reference.startsWith('rootfs:')) return resolveRootfs(reference);
    throw new TcError(`image ${reference} is not present`, { code: 'image-missing' });
  }
}

function referenceOf(service: ServiceConfig): string {
  if (service.image !== undefined) return service.image;
  throw new TcError(`service ${service.name} names no image, and building is not supported yet`, {
    code: 'image-missing',
    hints: ['add `image:` to the service'],
  });
}

function describeHost(): DescribedImage {
  const system = observeHostSystem();
  return { id: computeHostImageId(computeHostEntries(system), system), config: HOST_CONFIG };
}

/** A directory as it stands: whoever names it keeps it as it was. */
function resolveRootfs(reference: string): ResolvedImage {
  const path = reference.slice('rootfs:'.length);
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!path.startsWith('/') || !stat?.isDirectory()) {
    throw new TcError(`image ${reference}: ${path} is not a directory`, {
      code: 'image-missing',
      hints: ['write the absolute path of an unpacked root file system'],
    });
  }
  const layer = realpathSync(path);
  const id = createHash('sha256').update(`rootfs ${layer} ${stat.ino}`).digest('hex');
  return { id: `sha256:${id}`, reference, config: {}, layers: [layer], mounts: [] };
}
