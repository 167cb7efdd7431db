// What `app` may ask of images and registries. Every operation may run in several processes at once.

import type { CommitRequest } from '../../image/archive/commit.ts';
import type { Digest } from '../../image/digest.ts';
import type { Credentials } from '../../image/registry/docker-config.ts';
import type { LoggedIn } from '../../image/registry/login.ts';
import type { FoundRepository, SearchOptions } from '../../image/registry/search.ts';
import type { PruneOptions, Removed, RemoveOptions } from '../../image/remove.ts';
import type { ImageStore } from '../../image/store.ts';

export type { ArchiveFormat } from '../../image/archive/save.ts';
export type { ImageEntry } from '../../image/content/image-index.ts';
export type { ImageDetails, ImageSummary } from '../../image/images.ts';
export type { ImageEvent, OnImageEvent } from '../../image/progress.ts';
export type { LoggedIn } from '../../image/registry/login.ts';
export type { Pushed } from '../../image/registry/push.ts';
export type { FoundRepository } from '../../image/registry/search.ts';
export type { Removed } from '../../image/remove.ts';
export type { ByteSource, ImportOptions, OperationOptions } from '../../image/store.ts';

export interface ImagePort
  extends Pick<ImageStore, 'pull' | 'push' | 'load' | 'save' | 'import' | 'list' | 'inspect' | 'tag'> {
  /** Which containers use which image is looked up here. */
  remove(reference: string, options: Omit<RemoveOptions, 'uses'>): Promise<Removed>;
  prune(options: Omit<PruneOptions, 'uses'>): Promise<Removed>;
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
  /** Deletes the manifest that a tag or digest stands for, and with it all its tags. Returns its digest. */
  remove(reference: string, signal?: AbortSignal): Promise<Digest>;
  /** Tries the credentials, then keeps them. Without any: those that are kept are tried again. */
  logIn(host: string, credentials?: Credentials, signal?: AbortSignal): Promise<LoggedIn>;
  /** False: there was nothing to forget. */
  logOut(host: string): Promise<boolean>;
}
