// What the rest of the house knows of an image once it is resolved and unpacked.

import type { Platform } from './platform.ts';

/** OCI image config, `config` member (image-spec, config.md), and Docker's `Healthcheck` extension. */
export interface ImageConfig {
  readonly Env?: readonly string[];
  readonly Entrypoint?: readonly string[] | null;
  readonly Cmd?: readonly string[] | null;
  readonly User?: string;
  readonly WorkingDir?: string;
  readonly ExposedPorts?: Readonly<Record<string, unknown>>;
  readonly Volumes?: Readonly<Record<string, unknown>>;
  readonly StopSignal?: string;
  readonly Shell?: readonly string[];
  /** Instructions that run in a build on this image (Docker's). */
  readonly OnBuild?: readonly string[];
  readonly Labels?: Readonly<Record<string, string>>;
  readonly Healthcheck?: {
    readonly Test?: readonly string[];
    /** Nanoseconds. */
    readonly Interval?: number;
    readonly Timeout?: number;
    readonly StartPeriod?: number;
    readonly StartInterval?: number;
    readonly Retries?: number;
  };
}

/** A read-only bind that the image itself brings: only the image `host` has any. */
export interface ImageMount {
  readonly source: string;
  readonly target: string;
  /** Mount options of the OCI runtime config, for example `nosuid`. */
  readonly options: readonly string[];
}

export interface ResolvedImage {
  /** `sha256:<hex>` of the config; equal ids mean equal content. */
  readonly id: string;
  /** As the user wrote it. */
  readonly reference: string;
  readonly config: ImageConfig;
  /** Absolute directories, topmost first. */
  readonly layers: readonly string[];
  readonly mounts: readonly ImageMount[];
  /** What it is made for, where the image says so. */
  readonly platform?: Platform;
}
