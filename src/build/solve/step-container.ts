// The port to whoever runs a command in a container of its own: the engine.

import type { ExtendedAttribute } from '../tree/tree.ts';

export interface StepOrder {
  /** For messages. */
  readonly title: string;
  /** Directories, topmost first. */
  readonly layers: readonly string[];
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDir: string;
  readonly user: string;
  readonly network: 'default' | 'none' | 'host';
  readonly isPrivileged: boolean;
  /** `HOST=IP`. */
  readonly extraHosts: readonly string[];
  readonly shmSize?: number;
  /** Bytes. */
  readonly memory?: number;
  readonly ulimits: Readonly<Record<string, { readonly soft: number; readonly hard: number }>>;
  /** Called with a directory that lives as long as the step; what it makes there goes with it. */
  mounts(directory: string): Promise<readonly StepMount[]>;
  onOutput(stream: 'stdout' | 'stderr', text: string): void;
  readonly signal?: AbortSignal;
}

export type StepMount =
  | { readonly type: 'bind'; readonly source: string; readonly target: string; readonly readOnly: boolean }
  | { readonly type: 'tmpfs'; readonly target: string; readonly size?: number; readonly readOnly: boolean }
  /** Never on a disk. */
  | {
      readonly type: 'file';
      readonly content: Uint8Array;
      readonly target: string;
      readonly uid: number;
      readonly gid: number;
      readonly mode: number;
    };

export interface StepResult {
  readonly exitCode: number;
  /** What the command changed: the writable directory of its overlay. It may be moved away. */
  readonly upper: string;
  /** Paths that the runtime put something at, beside the mounts that were asked for. */
  readonly runtimePaths: readonly string[];
  /** Lines of its output that could not be kept, as the disk is full. */
  readonly lostLines: number;
}

export interface StepContainers {
  /** Runs the command to its end; after `use` nothing of it is left. */
  run<T>(order: StepOrder, use: (result: StepResult) => Promise<T>): Promise<T>;
}

/** What reading layers takes of the addon. */
export interface LayerNative {
  mountLayers(layers: readonly string[]): number;
  readXattrs(path: string): readonly ExtendedAttribute[];
  close(fd: number): void;
}
