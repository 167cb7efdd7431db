// Where steps of builds are exchanged: a registry, or a directory with an OCI image layout.

import type { BlobSource } from '../content/content-store.ts';
import type { Descriptor } from '../descriptor.ts';
import type { SharedStep } from './steps-document.ts';

export type StepPlace =
  | { readonly kind: 'registry'; readonly reference: string }
  /** Absolute. */
  | { readonly kind: 'local'; readonly directory: string };

export interface OpenedSteps {
  readonly steps: readonly SharedStep[];
  source(blob: Descriptor, signal: AbortSignal): BlobSource;
  close(): void;
}

export interface StepManifest {
  readonly bytes: Buffer;
  readonly config: Descriptor;
  readonly configBytes: Buffer;
  /** Each once. */
  readonly layers: readonly Descriptor[];
}

export function formatPlace(place: StepPlace): string {
  return place.kind === 'registry' ? place.reference : place.directory;
}
