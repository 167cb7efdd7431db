// The steps of a build for other machines, when the image is made.

import { TcError } from '../../base/error.ts';
import type { Digest } from '../../image/digest.ts';
import { formatPlace } from '../../image/step-cache/place.ts';
import type { SharedStep } from '../../image/step-cache/steps-document.ts';
import type { Workshop } from '../solve/workshop.ts';
import type { CacheTarget } from './cache-option.ts';

export interface ExportedBuild {
  readonly name: string;
  /** Chain ids of the image, and of every stage that was built. */
  readonly image: ReadonlySet<Digest>;
  readonly all: ReadonlySet<Digest>;
}

/** `chains`: of layers that are steps, or else of a base image. */
export function selectSteps(workshop: Workshop, chains: ReadonlySet<Digest>): SharedStep[] {
  return [...chains].flatMap((chainId) => workshop.stepOf(chainId) ?? []);
}

export async function exportSteps(
  workshop: Workshop,
  build: ExportedBuild,
  targets: readonly CacheTarget[],
): Promise<void> {
  for (const target of targets) {
    if (target.kind === 'inline') continue;
    const { place, mode, ignoreError } = target;
    const { signal } = workshop.options;
    const text = workshop.nextStep(build.name, `exporting cache to ${formatPlace(place)}`);
    workshop.tell({ type: 'step', phase: 'started', ...text });
    try {
      const steps = selectSteps(workshop, mode === 'max' ? build.all : build.image);
      await (await workshop.store.exchange()).write(place, steps, signal);
      workshop.tell({ type: 'step', phase: 'done', ...text });
    } catch (error) {
      workshop.tell({ type: 'step', phase: 'failed', ...text });
      if (!ignoreError || !(error instanceof TcError)) throw error;
      workshop.tell({ type: 'step-output', stream: 'stderr', text: `${error.message}\n`, ...text });
    }
  }
}
