// The image of another request of the same command, as those see it that are built on it or take files from it.

import type { LayerStack, StackedLayer } from '../../image/build-store.ts';
import type { Platform } from '../../image/platform.ts';
import type { StageResult } from '../stage/stage-state.ts';
import type { Step } from '../stage/step.ts';

/** Known before anything runs. */
export interface DescribedTarget {
  readonly result: StageResult;
  /** What its programs are made for, as far as its base tells. */
  readonly programs: Platform;
}

export interface Target {
  /** All that can fail before anything runs. */
  prepare(): Promise<void>;
  describe(): Promise<DescribedTarget>;
  solve(): Promise<SolvedStage>;
}

/** A request, whose image may be wanted for several platforms. */
export interface TargetSource {
  for(platform: Platform): Target;
}

export interface SolvedStage {
  readonly result: StageResult;
  readonly layers: LayerStack;
  /** The key of the last command, which has that of the one before it in it; absent: there is none. */
  readonly lineage?: string;
  /** Undefined: the step changed nothing. */
  layerOf(step: Step): StackedLayer | undefined;
}
