// `deploy.update_config` and `deploy.rollback_config`.

import type { UpdateConfig } from '../project/service-config.ts';
import { type Finding, wrong } from './finding.ts';

export function updateConfig(value: UpdateConfig): readonly Finding[] {
  return [...checkAction(value, ['continue', 'pause', 'rollback']), ...checkNumbers(value)];
}

/** A rollback is not taken back. */
export function rollbackConfig(value: UpdateConfig): readonly Finding[] {
  return [...checkAction(value, ['continue', 'pause']), ...checkNumbers(value)];
}

function checkAction({ failure_action: action }: UpdateConfig, accepted: readonly string[]): Finding[] {
  if (action === undefined || accepted.includes(action)) return [];
  return [wrong(`"${action}" is none of ${accepted.join(', ')}`, undefined, ['failure_action'])];
}

function checkNumbers({ delay = 0, max_failure_ratio: ratio = 0, monitor = 0 }: UpdateConfig): Finding[] {
  const spans = Object.entries({ delay, monitor }).filter(([, span]) => span < 0);
  return [
    ...spans.map(([key]) => wrong('is less than no time', undefined, [key])),
    ...(ratio < 0 || ratio > 1 ? [wrong('is not between 0 and 1', undefined, ['max_failure_ratio'])] : []),
  ];
}
