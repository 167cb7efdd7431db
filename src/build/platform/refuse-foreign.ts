// Commands that cannot run here, found before anything runs.

import { TcError } from '../../base/error.ts';
import { formatPlatform, type Platform } from '../../image/platform.ts';
import { at } from '../dockerfile/problem.ts';
import type { Step } from '../stage/step.ts';
import type { Machine } from './machine.ts';

export interface ForeignStage {
  /** For people. */
  readonly title: string;
  readonly steps: readonly Step[];
  /** What its programs are made for. */
  readonly platform: Platform;
  /** Of the Dockerfile. */
  readonly text: string;
}

interface Place {
  readonly machine: Machine;
  readonly options: { readonly onlyChecks?: boolean };
}

export function refuseForeign(
  { title, steps, platform, text }: ForeignStage,
  { machine, options }: Place,
): void {
  const step = steps.find(({ kind }) => kind === 'run');
  if (step === undefined || options.onlyChecks) return;
  const ability = machine.ability(platform);
  if (ability.can) return;
  const name = formatPlatform(platform);
  const error = new TcError(`stage "${title}" runs commands of ${name}: ${ability.why}`, {
    code: 'build-platform',
    kind: 'environment',
    hints: [
      ...ability.hints,
      'or let the stage run here, and make what it makes for the other platform: FROM --platform=$BUILDPLATFORM',
    ],
  });
  throw at(error, text, step.at);
}
