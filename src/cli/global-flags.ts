// Flags that stand before or after the verb.

import type { FlagSpecs } from './flag.ts';

export const globalFlags = {
  file: {
    type: 'list',
    char: 'f',
    value: 'FILE',
    summary: 'Compose file; may be given several times, later ones override (env: COMPOSE_FILE)',
  },
  'project-name': {
    type: 'string',
    char: 'p',
    value: 'NAME',
    summary: 'Name of the project (env: COMPOSE_PROJECT_NAME)',
  },
  'project-directory': {
    type: 'string',
    aliases: ['workdir'],
    value: 'DIR',
    summary: 'Directory that relative paths start from (default: that of the first file)',
  },
  'env-file': {
    type: 'list',
    value: 'FILE',
    summary: 'File of variables for interpolation, instead of .env (env: COMPOSE_ENV_FILES)',
  },
  profile: { type: 'list', value: 'NAME', summary: 'Profile to enable, or * (env: COMPOSE_PROFILES)' },
  'all-resources': {
    type: 'boolean',
    summary: 'Include networks and volumes that no service uses',
  },
  compatibility: {
    type: 'boolean',
    env: 'COMPOSE_COMPATIBILITY',
    summary: 'Container names with _ instead of -',
  },
  'dry-run': { type: 'boolean', summary: 'Print what would be done, and do nothing' },
  parallel: {
    type: 'integer',
    value: 'N',
    env: 'COMPOSE_PARALLEL_LIMIT',
    min: -1,
    summary: 'How many steps at a time; -1: no limit (default: number of cores)',
  },
  progress: {
    type: 'string',
    value: 'MODE',
    options: ['auto', 'tty', 'plain', 'json', 'quiet'],
    env: 'COMPOSE_PROGRESS',
    default: 'auto',
    summary: 'How progress shows',
  },
  ansi: {
    type: 'string',
    value: 'WHEN',
    options: ['auto', 'always', 'never'],
    env: 'COMPOSE_ANSI',
    default: 'auto',
    summary: 'When to use colours',
  },
  'no-ansi': { type: 'boolean', hidden: true, summary: 'Same as --ansi never' },
  root: {
    type: 'string',
    value: 'DIR',
    env: 'TCOMPOSE_ROOT',
    summary: 'Data root: an instance of its own, with its own containers, networks and images',
  },
  yes: {
    type: 'boolean',
    char: 'y',
    aliases: ['y'],
    summary: 'Answer yes to every question; accept Compose files from elsewhere',
  },
  verbose: { type: 'boolean', hidden: true, summary: 'Accepted and ignored, as Docker Compose does' },
  help: { type: 'boolean', char: 'h', summary: 'Show help' },
} as const satisfies FlagSpecs;

export type GlobalFlags = typeof globalFlags;
