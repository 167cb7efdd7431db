// What `app` may ask of images and registries. Every operation may run in several processes at once.

import type { CommitRequest } from '../../image/archive/commit.ts';
import type { Digest } from '../../image/digest.ts';
import type { ImageEvent } from '../../image/progress.ts';
import type { PruneBuildCacheOptions, PrunedBuildCache } from '../../image/prune-build-cache.ts';
import type { Credentials } from '../../image/registry/docker-config.ts';
import type { LoggedIn } from '../../image/registry/login.ts';
import type { FoundRepository, SearchOptions } from '../../image/registry/search.ts';
import type { PruneOptions, Removed, RemoveOptions } from '../../image/remove.ts';
import type { PullPolicy } from '../../image/resolve.ts';
import type { ImageStore, NamedPlatform } from '../../image/store.ts';
import type { PlannedImage } from '../../plan/operation.ts';

export type { ArchiveFormat } from '../../image/archive/save.ts';
export type { ImageEntry } from '../../image/content/image-index.ts';
export type { ImageDetails, ImageSummary } from '../../image/images.ts';
export type { ImageAction, ImageEvent, OnImageEvent } from '../../image/progress.ts';
export type { PruneBuildCacheOptions, PrunedBuildCache } from '../../image/prune-build-cache.ts';
export type { LoggedIn } from '../../image/registry/login.ts';
export type { Pushed } from '../../image/registry/push.ts';
export type { FoundRepository } from '../../image/registry/search.ts';
export type { Removed } from '../../image/remove.ts';
export type { ByteSource, ImportOptions, OperationOptions } from '../../image/store.ts';

/** What becomes of one image, for those who watch. */
export interface ImageNotice {
  readonly type: 'image';
  /** As the user wrote it. Default: the event's own reference. */
  readonly image?: string;
  /** Where there is no image to speak of. */
  readonly service?: string;
  readonly event: ImageEvent | ImageOutcome;
}

/** What the store does not tell, since it throws, or is not asked. */
export type ImageOutcome =
  | { readonly type: 'failed'; readonly reason: string }
  | { readonly type: 'skipped'; readonly reason: string };

/** How the images of services are got: said once for a whole command. */
export interface ImageRequest {
  /** Goes before the services' own policies. */
  readonly pull?: PullPolicy;
  readonly on?: (notice: ImageNotice) => void;
  /** Ends what is being got; what has arrived is kept for the next time. */
  readonly signal?: AbortSignal;
  /** Images at a time. */
  readonly parallel?: number;
}

/** Service -> the policy that its image is got by. */
export type PullPolicies = Readonly<Record<string, PullPolicy>>;

export interface PullOutcome {
  /** What a plan would get. */
  readonly planned: readonly PlannedImage[];
  readonly failures: readonly PullFailure[];
}

export interface PullFailure {
  readonly services: readonly string[];
  /** It names the line of the files. */
  readonly error: unknown;
}

/** Which container uses which image: of all projects. */
export interface ContainerImageUse {
  readonly imageId: string;
  readonly project: string;
  readonly container: string;
  readonly containerId: string;
}

export interface ImagePort
  extends Pick<
    ImageStore,
    'pull' | 'push' | 'load' | 'save' | 'flatten' | 'flattenPlatforms' | 'import' | 'list' | 'inspect' | 'tag'
  > {
  /** Which containers use which image is looked up here. */
  remove(reference: string, options: NamedPlatform<Omit<RemoveOptions, 'uses'>>): Promise<Removed>;
  prune(options: Omit<PruneOptions, 'uses'>): Promise<Removed>;
  pruneBuildCache(options: Omit<PruneBuildCacheOptions, 'uses'>): Promise<PrunedBuildCache>;
  uses(): Promise<readonly ContainerImageUse[]>;
}

export interface CommitOptions extends Pick<CommitRequest, 'reference' | 'changes' | 'author' | 'message'> {
  /** A running container is frozen meanwhile, so that its files agree with each other. */
  readonly pause: boolean;
}

/** A registry somewhere; nothing here touches this instance's images. */
export interface RegistryPort {
  /** Many public registries do not answer this. */
  repositories(host: string, signal?: AbortSignal): Promise<readonly string[]>;
  tags(repository: string, signal?: AbortSignal): Promise<readonly string[]>;
  /** `TERM` at Docker's Hub, `HOST/TERM` at another registry. */
  search(text: string, options: SearchOptions): Promise<readonly FoundRepository[]>;
  /**
   * The reference with the digest that its tag stands for now, of an image for several platforms that of its index.
   * What is in no registry (`host`, archives) is returned as it is.
   */
  pin(reference: string, signal?: AbortSignal): Promise<string>;
  /** Deletes the manifest that a tag or digest stands for, and with it all its tags. Returns its digest. */
  remove(reference: string, signal?: AbortSignal): Promise<Digest>;
  /** Tries the credentials, then keeps them. Without any: those that are kept are tried again. */
  logIn(host: string, credentials?: Credentials, signal?: AbortSignal): Promise<LoggedIn>;
  /** False: there was nothing to forget. */
  logOut(host: string): Promise<boolean>;
}
