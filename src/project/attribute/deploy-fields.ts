// The attributes of `deploy`, and device requests, which `gpus` has too. Source: compose-spec deploy.md.

import { bytes, duration, type Fields, float, integer, list, map, statedDuration, text } from './codec.ts';
import { deviceCount } from './field-codecs.ts';
import { struct } from './struct-codec.ts';

const texts = list(text);
const textMap = map(text);
/** The Go type keeps the number single; zero is left out. */
const count = integer();
const statedCount = integer({ min: 0, stated: true });

export const deviceRequest = struct({
  capabilities: texts,
  driver: text,
  count: deviceCount,
  device_ids: texts,
  options: textMap,
});

const updateConfig = struct(
  {
    parallelism: statedCount,
    delay: duration,
    failure_action: text,
    monitor: duration,
    max_failure_ratio: float(),
    order: text,
  },
  { whenEmpty: 'always' },
);

const resource = struct(
  {
    cpus: float({ min: 0 }),
    memory: bytes,
    pids: count,
    devices: list(deviceRequest),
    generic_resources: list(
      struct({ discrete_resource_spec: struct({ kind: text, value: integer({ stated: true }) }) }),
    ),
  },
  { whenEmpty: 'always' },
);

export const deployFields: Fields = {
  mode: text,
  replicas: integer({ stated: true }),
  labels: textMap,
  update_config: updateConfig,
  rollback_config: updateConfig,
  resources: struct({ limits: resource, reservations: resource }, { whenEmpty: 'json' }),
  restart_policy: struct(
    { condition: text, delay: statedDuration, max_attempts: statedCount, window: statedDuration },
    { whenEmpty: 'always' },
  ),
  placement: struct(
    {
      constraints: texts,
      preferences: list(struct({ spread: text }, { whenEmpty: 'always' })),
      max_replicas_per_node: count,
    },
    { whenEmpty: 'json' },
  ),
  endpoint_mode: text,
};
