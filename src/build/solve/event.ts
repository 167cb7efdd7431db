// What a build tells while it runs.

import type { SourcePosition } from '../../base/error.ts';

export interface StepText {
  /** The same for all that is told of one step. */
  readonly id: number;
  /** Of the request. */
  readonly build: string;
  readonly title: string;
}

export type BuildEvent =
  | (StepText & { readonly type: 'step'; readonly phase: 'started' | 'cached' | 'done' | 'failed' })
  | (StepText & { readonly type: 'step-output'; readonly stream: 'stdout' | 'stderr'; readonly text: string })
  | {
      readonly type: 'check';
      readonly build: string;
      readonly rule: string;
      readonly message: string;
      readonly at: SourcePosition;
    }
  | {
      readonly type: 'built';
      readonly build: string;
      readonly imageId: string;
      readonly names: readonly string[];
    };

export type OnBuildEvent = (event: BuildEvent) => void;
