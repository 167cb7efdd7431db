// A step changes files: what RUN, COPY, ADD and WORKDIR come to, with every variable expanded. Data only.

import type { SourcePosition } from '../../base/error.ts';
import type { MountOption } from '../run/mount-option.ts';
import type { SourceReference } from './plan.ts';

interface StepCommon {
  readonly at: SourcePosition;
  /** For people: `[web 2/5] RUN make`. */
  readonly title: string;
  /** For the image's history. */
  readonly createdBy: string;
}

export interface RunMount extends Omit<MountOption, 'from' | 'target'> {
  readonly from?: SourceReference;
  /** Absolute; absent: a secret that is only a variable. */
  readonly target?: string;
}

export interface RunStep extends StepCommon {
  readonly kind: 'run';
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Not part of what the step is. */
  readonly proxies: Readonly<Record<string, string>>;
  readonly workingDir: string;
  readonly user: string;
  readonly mounts: readonly RunMount[];
  readonly network: 'default' | 'none' | 'host';
  readonly isInsecure: boolean;
  /** A here-document that is a program, mounted at /dev/pipes. */
  readonly script?: { readonly name: string; readonly content: string };
}

export type CopySource =
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'inline'; readonly name: string; readonly content: string }
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'git'; readonly url: string };

export interface CopyStep extends StepCommon {
  readonly kind: 'copy';
  readonly instruction: 'COPY' | 'ADD';
  readonly from: SourceReference;
  readonly sources: readonly CopySource[];
  /** Absolute; a slash at its end says that it is a directory. */
  readonly destination: string;
  readonly chown?: string;
  readonly chmod?: string;
  readonly isLink: boolean;
  readonly parents: boolean;
  readonly exclude: readonly string[];
  readonly checksum?: string;
  readonly keepGitDir: boolean;
  /** Whether archives are taken apart; absent: by ADD, unless they are downloaded. */
  readonly unpack?: boolean;
}

export interface WorkdirStep extends StepCommon {
  readonly kind: 'workdir';
  readonly path: string;
  readonly user: string;
}

export type Step = RunStep | CopyStep | WorkdirStep;

/** A line of an image's history. */
export type HistoryLine =
  /** The base image's, as it is. */
  | { readonly kind: 'inherited'; readonly entry: unknown }
  | { readonly kind: 'own'; readonly createdBy: string; readonly step?: Step };
