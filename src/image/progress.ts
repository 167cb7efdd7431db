// What an operation on images tells while it runs. Typed, one event per change; whoever renders decides how often to
// look.

import type { Digest } from './digest.ts';
import type { Platform } from './platform.ts';

/** Life of one layer, in this order; a layer that is here already goes from nothing to `exists`. */
export type LayerPhase =
  /** Another process, or another image of this one, is at it. */
  'waiting' | 'receiving' | 'unpacking' | 'exists' | 'done' | 'uploading' | 'mounted';

export type ImageAction = 'pull' | 'push' | 'load';

export type ImageEvent =
  /** Before anything is asked of a registry or read from an archive. */
  | { readonly type: 'started'; readonly reference: string; readonly action: ImageAction }
  | {
      readonly type: 'resolved';
      readonly reference: string;
      readonly digest: Digest;
      readonly platform: Platform;
      /** All of them, also those that are here. */
      readonly layers: readonly { readonly digest: Digest; readonly total: number }[];
    }
  | {
      readonly type: 'layer';
      readonly reference: string;
      readonly digest: Digest;
      readonly phase: LayerPhase;
      /** Bytes of the stored form. */
      readonly total: number;
    }
  | {
      readonly type: 'bytes';
      readonly reference: string;
      readonly digest: Digest;
      /** So far, what an earlier attempt left included. */
      readonly done: number;
      readonly total: number;
    }
  | {
      readonly type: 'retry';
      readonly reference: string;
      readonly what: string;
      readonly why: string;
      readonly delayMs: number;
      readonly attempt: number;
    }
  | {
      readonly type: 'done';
      readonly reference: string;
      /** Digest of the manifest, or of the index that it was chosen from. */
      readonly digest: Digest;
      /** False: it was here, and nothing has changed. */
      readonly isNew: boolean;
    };

export type OnImageEvent = (event: ImageEvent) => void;
