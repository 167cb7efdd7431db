// Restart policies: `restart` of the service, or `deploy.restart_policy`, which wins.

import type { ServiceConfig } from './service-config.ts';

export interface RestartSpec {
  readonly policy: 'no' | 'always' | 'on-failure' | 'unless-stopped';
  /** 0: no limit. */
  readonly maxRetries: number;
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
  const policy = CONDITIONS[deployed.condition ?? 'any'];
  return policy && { policy, maxRetries: policy === 'on-failure' ? (deployed.max_attempts ?? 0) : 0 };
}

/** `no`, `always`, `unless-stopped`, `on-failure`, `on-failure:N`. */
export function parseRestart(text: string): RestartSpec | undefined {
  if (text === '' || text === 'no') return { policy: 'no', maxRetries: 0 };
  if (text === 'always' || text === 'unless-stopped') return { policy: text, maxRetries: 0 };
  const match = /^on-failure(?::(\d+))?$/.exec(text);
  return match ? { policy: 'on-failure', maxRetries: Number(match[1] ?? 0) } : undefined;
}
