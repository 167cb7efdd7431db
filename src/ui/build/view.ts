// What shows the progress of builds.

import type { BuildEvent } from '../../engine/ports.ts';
import type { Sink } from '../sink.ts';
import type { Style } from '../style.ts';

export interface BuildViewOptions {
  readonly sink: Sink;
  readonly style: Style;
  /** Milliseconds. */
  now(): number;
}

export interface BuildView {
  show(event: BuildEvent): void;
  /** Whether something is redrawn in place: then nothing else may be written. */
  readonly isOnScreen: boolean;
  /** Leaves the last state on the screen. */
  close(): void;
}

export type StepEvent = Extract<BuildEvent, { readonly type: 'step' }>;
export type StepOutput = Extract<BuildEvent, { readonly type: 'step-output' }>;

/** Id and word apart by two spaces, as everything else that `up` tells. */
export function formatBuilt({ build }: Extract<BuildEvent, { readonly type: 'built' }>): string {
  return ` ${build}  Built\n`;
}
