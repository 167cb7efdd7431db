// The image of another request of the same command, as those see it that are built on it or take files from it.

import type { LayerStack, StackedLayer } from '../../image/build-store.ts';
import type { StageResult } from '../stage/stage-state.ts';
import type { Step } from '../stage/step.ts';

export interface Target {
  /** Known before anything runs. */
  describe(): Promise<StageResult>;
  solve(): Promise<SolvedStage>;
}

export interface SolvedStage {
  readonly result: StageResult;
  readonly layers: LayerStack;
  /** The key of the last command, which has that of the one before it in it; absent: there is none. */
  readonly lineage?: string;
  /** Undefined: the step changed nothing. */
  layerOf(step: Step): StackedLayer | undefined;
}
