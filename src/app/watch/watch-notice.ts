// What a watch tells of itself, as data.

export type WatchNotice =
  | { readonly type: 'enabled'; readonly services: readonly string[]; readonly rules: number }
  /** Before what takes a while. */
  | { readonly type: 'rebuilding'; readonly services: readonly string[]; readonly paths: readonly string[] }
  /** `isNew`: the image is another one, and so are the containers. */
  | { readonly type: 'rebuilt'; readonly service: string; readonly isNew: boolean }
  | {
      readonly type: 'synced';
      readonly service: string;
      readonly containers: readonly string[];
      readonly copied: number;
      readonly removed: number;
      readonly paths: readonly string[];
      /** Nothing has changed: it is what the containers did not have yet. */
      readonly isInitial: boolean;
    }
  | { readonly type: 'restarted'; readonly services: readonly string[] }
  | { readonly type: 'ran'; readonly container: string; readonly command: readonly string[] }
  /** Nothing to sync to, or to run in. */
  | { readonly type: 'no-container'; readonly service: string }
  /** The container is between two lives: it gets what it misses when it starts. */
  | { readonly type: 'postponed'; readonly service: string; readonly container: string }
  /** A file of the project itself. */
  | { readonly type: 'project-changed'; readonly paths: readonly string[] }
  /** The watch goes on. */
  | { readonly type: 'failed'; readonly services: readonly string[]; readonly error: unknown }
  | { readonly type: 'ended' };

export type OnWatchNotice = (notice: WatchNotice) => void;
