// `pull_policy` of services as the store takes it. Pure. Source: compose-spec, 05-services, pull_policy.

import { TcError } from '../../base/error.ts';
import type { PullPolicy } from '../../image/resolve.ts';
import type { ServiceConfig } from '../../project/service-config.ts';

const DAY_MS = 24 * 3600 * 1000;
const UNIT_MS: Readonly<Record<string, number>> = { w: 7 * DAY_MS, d: DAY_MS, h: 3600 * 1000, m: 60 * 1000 };

/** Undefined: the store's own, `missing`. */
export function resolvePullPolicy(
  service: Pick<ServiceConfig, 'name' | 'pull_policy' | 'pull_refresh_after'>,
): PullPolicy | undefined {
  const policy = service.pull_policy ?? '';
  switch (policy) {
    case '':
    case 'missing':
    case 'if_not_present':
    // Building is what gets such an image; what is here already will do.
    case 'build':
      return undefined;
    case 'always':
    case 'never':
      return policy;
    case 'daily':
      return { refreshAfterMs: DAY_MS };
    case 'weekly':
      return { refreshAfterMs: 7 * DAY_MS };
    case 'refresh':
      return { refreshAfterMs: (service.pull_refresh_after ?? 0) / 1e6 };
    default:
      return { refreshAfterMs: parseInterval(policy, service.name) };
  }
}

/** `every_1w2d3h4m`, any of them. */
function parseInterval(policy: string, service: string): number {
  const match = /^every_((?:\d+[wdhm])+)$/.exec(policy);
  if (match?.[1] === undefined) {
    throw new TcError(`service ${service}: pull_policy "${policy}" is unknown`, {
      code: 'pull-policy',
      hints: ['write always, missing, never, build, daily, weekly, or every_ with a span such as every_12h'],
    });
  }
  return [...match[1].matchAll(/(\d+)([wdhm])/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * (UNIT_MS[unit ?? ''] ?? 0),
    0,
  );
}

/** Of services that share an image: who wants it newest decides. */
export function strictestPolicy(policies: readonly PullPolicy[]): PullPolicy {
  return policies.reduce((one, other) => (strictness(other) > strictness(one) ? other : one), 'never');
}

/** Ages, as it were: the younger an image must be, the stricter. */
function strictness(policy: PullPolicy): number {
  if (typeof policy !== 'string') return -policy.refreshAfterMs;
  return { always: 1, missing: -Number.MAX_VALUE, never: Number.NEGATIVE_INFINITY }[policy];
}
