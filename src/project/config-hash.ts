// The label com.docker.compose.config-hash: what a container was made from, in one word.

import { sha256 } from '../base/sha256.ts';
import { formatService } from './canonical.ts';
import type { ServiceConfig } from './service-config.ts';
import { formatGoJson } from './text/go-json.ts';

/**
 * SHA-256 of the canonical service without what does not change the container: build, when to pull, scale, replicas,
 * dependencies, profiles, and what only tcompose reads. As Docker Compose computes it, so that its containers are recognised as unchanged.
 */
export function hashService(service: ServiceConfig): string {
  const {
    build: _build,
    pull_policy: _pull,
    pull_refresh_after: _refresh,
    scale: _scale,
    profiles: _profiles,
    tcompose: _own,
    deploy,
    ...rest
  } = service;
  const { replicas: _replicas, ...deployed } = deploy ?? {};
  const container = { ...rest, depends_on: {}, ...(deploy ? { deploy: deployed } : {}) };
  return sha256(formatGoJson(formatService(container, 'json')));
}
