// The health probe of a container, from the service's healthcheck and the image's.

import type { ImageConfig } from '../image/image.ts';
import type { Nanoseconds } from '../project/model.ts';
import type { HealthcheckConfig } from '../project/service-config.ts';
import type { HealthSpec } from './monitor-spec.ts';

const SECOND = 1_000_000_000;
const MILLISECOND = 1_000_000;
const DEFAULT_SHELL = ['/bin/sh', '-c'];

/** Undefined: no probe. What the service does not say is the image's; what neither says is Docker's default. */
export function resolveHealth(
  service: HealthcheckConfig | undefined,
  image: ImageConfig,
): HealthSpec | undefined {
  if (service?.disable) return undefined;
  const own = image.Healthcheck;
  const command = resolveProbe(service?.test ?? own?.Test ?? [], image);
  if (!command) return undefined;
  return {
    command,
    intervalMs: milliseconds(service?.interval, own?.Interval, 30 * SECOND),
    timeoutMs: milliseconds(service?.timeout, own?.Timeout, 30 * SECOND),
    retries: service?.retries || own?.Retries || 3,
    startPeriodMs: milliseconds(service?.start_period, own?.StartPeriod, 0),
    startIntervalMs: milliseconds(service?.start_interval, own?.StartInterval, 5 * SECOND),
  };
}

function resolveProbe(test: readonly string[], image: ImageConfig): readonly string[] | undefined {
  const [kind, ...rest] = test;
  if (kind === 'CMD' && rest.length > 0) return rest;
  if (kind === 'CMD-SHELL' && rest.length > 0) {
    return [...(image.Shell?.length ? image.Shell : DEFAULT_SHELL), ...rest];
  }
  return undefined;
}

/** 0 means "not said", as in the Engine API. */
function milliseconds(
  service: Nanoseconds | undefined,
  image: Nanoseconds | undefined,
  fallback: Nanoseconds,
) {
  const value = service || image || fallback;
  return value === 0 ? 0 : Math.max(1, Math.round(value / MILLISECOND));
}
