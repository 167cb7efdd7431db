// What `app` may ask of builds.

import type { OnBuildEvent } from '../../build/solve/event.ts';
import type { NamedImage } from '../../build/solve/image-build.ts';
import type { BuildRequest } from '../../build/solve/request.ts';

export type { BuildEvent, OnBuildEvent, StepText } from '../../build/solve/event.ts';
export type { NamedImage } from '../../build/solve/image-build.ts';
export type { BuildRequest, SecretSource } from '../../build/solve/request.ts';

export interface BuildOrder {
  readonly requests: readonly BuildRequest[];
  on: OnBuildEvent;
  readonly signal?: AbortSignal;
  /** Commands at a time; default: number of cores. */
  readonly parallel?: number;
}

export interface BuildPort {
  /** Builds all of them and gives them their names. By the names of the requests. */
  build(order: BuildOrder): Promise<ReadonlyMap<string, NamedImage>>;
  /** The checks of the Dockerfiles; nothing runs. The number of findings. */
  check(order: BuildOrder): Promise<number>;
  /** A file of the context that has changed since (milliseconds since the epoch), by its time. */
  newerSource(
    request: Pick<BuildRequest, 'context' | 'dockerfile'>,
    since: number,
    except: readonly string[],
  ): Promise<string | undefined>;
}
