// The canonical project: what the loader yields and everything after it reads. Attribute names are the Compose
// Specification's own (snake_case); values are typed and in one form each (the long one). Source: compose-spec.

import type { SourcePosition } from '../base/error.ts';
import type { Warning } from '../base/warning.ts';
import type { ServiceConfig } from './service-config.ts';

/** A span of time in nanoseconds (Go's time.Duration). */
export type Nanoseconds = number;
/** A size in bytes. */
export type Bytes = number;
export type StringMap = Readonly<Record<string, string>>;
/** `null`: the key is named without a value, and nothing gave it one. */
export type NullableStringMap = Readonly<Record<string, string | null>>;

export interface ProjectModel {
  readonly name: string;
  /** Absolute. Relative paths of the files were resolved against it. */
  readonly workingDir: string;
  readonly configFiles: readonly string[];
  readonly environmentFiles: readonly string[];
  readonly profiles: readonly string[];
  /** Services that the profiles and the command's selection enable. */
  readonly services: Readonly<Record<string, ServiceConfig>>;
  /** Valid services that no active profile enables: known, so not orphans. */
  readonly disabledServices: Readonly<Record<string, ServiceConfig>>;
  readonly networks: Readonly<Record<string, NetworkConfig>>;
  readonly volumes: Readonly<Record<string, VolumeConfig>>;
  readonly configs: Readonly<Record<string, FileObjectConfig>>;
  readonly secrets: Readonly<Record<string, FileObjectConfig>>;
  readonly models?: Readonly<Record<string, ModelConfig>>;
  readonly extensions: Readonly<Record<string, unknown>>;
  readonly positions: PositionIndex;
  readonly warnings: readonly Warning[];
}

/** Where the value at a dotted path (`services.web.ports.0`) was written; the nearest ancestor's place if it has none. */
export interface PositionIndex {
  at(path: readonly (string | number)[]): SourcePosition | undefined;
}

export interface NetworkConfig {
  /** The resource's real name: `PROJECT_KEY` unless the file names one. */
  readonly name: string;
  readonly driver?: string;
  readonly driver_opts?: StringMap;
  readonly ipam?: IpamConfig;
  readonly external?: boolean;
  readonly internal?: boolean;
  readonly attachable?: boolean;
  readonly enable_ipv4?: boolean;
  readonly enable_ipv6?: boolean;
  readonly labels?: StringMap;
}

export interface IpamConfig {
  readonly driver?: string;
  readonly config?: readonly {
    readonly subnet?: string;
    readonly ip_range?: string;
    readonly gateway?: string;
    readonly aux_addresses?: StringMap;
  }[];
  readonly options?: StringMap;
}

export interface VolumeConfig {
  readonly name: string;
  readonly driver?: string;
  readonly driver_opts?: StringMap;
  readonly external?: boolean;
  readonly labels?: StringMap;
}

export interface FileObjectConfig {
  readonly name: string;
  readonly file?: string;
  readonly environment?: string;
  readonly content?: string;
  readonly external?: boolean;
  readonly labels?: StringMap;
  readonly driver?: string;
  readonly driver_opts?: StringMap;
  readonly template_driver?: string;
}

export interface ModelConfig {
  readonly model: string;
  readonly context_size?: number;
  readonly runtime_flags?: readonly string[];
}
