// What a build is told beside its Dockerfile. Data only.

import type { Platform } from '../../image/platform.ts';

export interface BuildInput {
  /** Name or number of a stage; default: the last. */
  readonly target?: string;
  readonly args: Readonly<Record<string, string>>;
  readonly platform: Platform;
  /** Of this machine. */
  readonly buildPlatform: Platform;
  /** Names that stand for something else than an image or a stage. */
  readonly namedContexts: ReadonlySet<string>;
  /** Default network of RUN. */
  readonly network: 'default' | 'none' | 'host';
  readonly labels: Readonly<Record<string, string>>;
}
