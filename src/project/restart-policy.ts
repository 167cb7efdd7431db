// Restart policies: `restart` of the service, or `deploy.restart_policy`, which wins.

import type { ServiceConfig } from './service-config.ts';

export interface RestartSpec {
  readonly policy: 'no' | 'always' | 'on-failure' | 'unless-stopped';
  /** 0: no limit. */
  readonly maxRetries: number;
  /** Between an exit and the next start; absent: 100 ms, doubled each time up to a minute. */
  readonly delayMs?: number;
  /** Only a restart that ended sooner counts against `maxRetries`; absent: every one does. */
  readonly windowMs?: number;
}

const CONDITIONS: Readonly<Record<string, RestartSpec['policy']>> = {
  none: 'no',
  any: 'always',
  'on-failure': 'on-failure',
};

/** Undefined: the words are no policy. */
export function resolveRestart(service: Pick<ServiceConfig, 'restart' | 'deploy'>): RestartSpec | undefined {
  const deployed = service.deploy?.restart_policy;
  if (!deployed) return parseRestart(service.restart ?? 'no');
  const { condition = 'any', max_attempts: maxRetries = 0, delay, window } = deployed;
  const policy = CONDITIONS[condition];
  return (
    policy && {
      policy,
      maxRetries: policy === 'no' ? 0 : maxRetries,
      ...(delay === undefined ? {} : { delayMs: Math.round(delay / MILLISECOND) }),
      ...(window ? { windowMs: Math.max(1, Math.round(window / MILLISECOND)) } : {}),
    }
  );
}

const MILLISECOND = 1_000_000;

/** `no`, `always`, `unless-stopped`, `on-failure`, `on-failure:N`. */
export function parseRestart(text: string): RestartSpec | undefined {
  if (text === '' || text === 'no') return { policy: 'no', maxRetries: 0 };
  if (text === 'always' || text === 'unless-stopped') return { policy: text, maxRetries: 0 };
  const match = /^on-failure(?::(\d+))?$/.exec(text);
  return match ? { policy: 'on-failure', maxRetries: Number(match[1] ?? 0) } : undefined;
}
