// What a solver is given: a request for one platform, and what it shares with those for the others.

import type { Platform } from '../../image/platform.ts';
import type { ImportedSteps } from '../cache/imported-steps.ts';
import type { BuildInput } from '../stage/build-input.ts';
import type { BuildRequest } from './request.ts';
import type { FoundDockerfile } from './sources.ts';
import type { Workshop } from './workshop.ts';

export interface SolverParts {
  readonly request: BuildRequest;
  readonly platform: Platform;
  readonly input: BuildInput;
  readonly workshop: Workshop;
  readonly found: FoundDockerfile;
  /** The image is built for other platforms, too. */
  readonly isOneOfSeveral: boolean;
  importSteps(): Promise<ImportedSteps | undefined>;
}
