// What a user may ask of `up` and its kin (create, scale).

import type { Nanoseconds } from '../project/model.ts';

export interface UpOptions {
  /** Only these and, unless `noDeps`, what they depend on. Default: all. */
  readonly services?: readonly string[];
  readonly noDeps?: boolean;
  readonly forceRecreate?: boolean;
  readonly alwaysRecreateDeps?: boolean;
  readonly noRecreate?: boolean;
  readonly noStart?: boolean;
  readonly renewAnonymousVolumes?: boolean;
  /** Volumes that the files describe otherwise than they are, to be made anew; what is in them is lost. Default: none. */
  readonly replaceVolumes?: 'all' | readonly string[];
  readonly removeOrphans?: boolean;
  readonly ignoreOrphans?: boolean;
  /** Replicas per service; goes before what the files say. */
  readonly scale?: Readonly<Record<string, number>>;
  /** Wait until every service is running, healthy or, if others wait for its end, completed. */
  readonly wait?: boolean;
  readonly waitTimeout?: Nanoseconds;
  /** Grace period of containers that are stopped; default: each container's own. */
  readonly timeout?: Nanoseconds;
  /**
   * RFC 3339 instant at which the command began. What was created, started or has ended since then was done by this
   * very command, so that planning again after a wait does not force, start or restart it once more.
   */
  readonly since?: string;
  /** Between the parts of a container's name; `_` with --compatibility. Default `-`. */
  readonly separator?: '-' | '_';
}
