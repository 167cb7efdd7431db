// Flags that several commands have, and what their values mean.

import type { FlagSpecs } from './flag.ts';

export const timeoutFlag = {
  timeout: {
    type: 'integer',
    char: 't',
    value: 'SECONDS',
    summary: 'Grace period before containers are killed (default: that of each service)',
  },
} as const satisfies FlagSpecs;

export const indexFlag = {
  index: { type: 'integer', value: 'N', min: 1, summary: 'Which replica of the service' },
} as const satisfies FlagSpecs;

export const detachKeysFlag = {
  'detach-keys': {
    type: 'string',
    value: 'KEYS',
    summary: 'Keys that leave the container alone, such as ctrl-p,ctrl-q',
  },
} as const satisfies FlagSpecs;

export const formatFlag = {
  format: {
    type: 'string',
    value: 'FORMAT',
    default: 'table',
    summary: 'table, json, json-array, or a Go template',
  },
} as const satisfies FlagSpecs;

export const waitFlags = {
  wait: { type: 'boolean', summary: 'Wait until the services are running or healthy' },
  'wait-timeout': { type: 'integer', value: 'SECONDS', summary: 'How long to wait at most' },
} as const satisfies FlagSpecs;

export const orphanFlags = {
  'remove-orphans': {
    type: 'boolean',
    env: 'COMPOSE_REMOVE_ORPHANS',
    summary: 'Remove containers of services that the files no longer have',
  },
  'ignore-orphans': {
    type: 'boolean',
    env: 'COMPOSE_IGNORE_ORPHANS',
    hidden: true,
    summary: 'Say nothing of containers of services that the files no longer have',
  },
} as const satisfies FlagSpecs;

const nanosecondsPerSecond = 1e9;

export function toNanoseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * nanosecondsPerSecond;
}

/** Docker Compose has had it since version 1; the global flag of the name has a value. */
export const inParallelFlag = {
  'in-parallel': {
    type: 'boolean',
    aliases: ['parallel'],
    hidden: true,
    default: true,
    summary: 'Several images at a time, which is the default',
  },
} as const satisfies FlagSpecs;
