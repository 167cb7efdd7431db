// The attributes of networks, volumes, configs, secrets and models, in the order of canonical output.

import { type Fields, flag, integer, list, map, statedFlag, text } from './codec.ts';
import { struct } from './struct-codec.ts';

const textMap = map(text);

export const networkFields: Fields = {
  name: text,
  driver: text,
  driver_opts: textMap,
  ipam: struct(
    {
      driver: text,
      config: list(
        struct(
          { subnet: text, gateway: text, ip_range: text, aux_addresses: textMap },
          { whenEmpty: 'always' },
        ),
      ),
      options: textMap,
    },
    { whenEmpty: 'json' },
  ),
  external: flag,
  internal: flag,
  attachable: flag,
  labels: textMap,
  enable_ipv4: statedFlag,
  enable_ipv6: statedFlag,
};

export const volumeFields: Fields = {
  name: text,
  driver: text,
  driver_opts: textMap,
  external: flag,
  labels: textMap,
};

/** Configs and secrets. */
export const fileObjectFields: Fields = {
  name: text,
  file: text,
  environment: text,
  content: text,
  external: flag,
  labels: textMap,
  driver: text,
  driver_opts: textMap,
  template_driver: text,
};

export const modelFields: Fields = {
  name: text,
  model: text,
  context_size: integer(),
  runtime_flags: list(text),
};
