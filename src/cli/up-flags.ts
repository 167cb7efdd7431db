// The flags of up, create and plan that decide what becomes of containers.

import type { ImageChoice, UpRequest } from '../app/up.ts';
import { usageError } from './argv.ts';
import type { Conflict } from './command.ts';
import type { FlagSpecs, FlagValues } from './flag.ts';
import { orphanFlags, timeoutFlag, toNanoseconds } from './shared-flags.ts';

/** What `up` and `create` share. */
export const reconcileFlags = {
  build: { type: 'boolean', summary: 'Build images before starting' },
  'no-build': { type: 'boolean', summary: 'Do not build images' },
  'force-recreate': { type: 'boolean', summary: 'Recreate containers though nothing changed' },
  'no-recreate': { type: 'boolean', summary: 'Keep containers though something changed' },
  pull: {
    type: 'string',
    value: 'POLICY',
    options: ['policy', 'missing', 'never', 'always', 'build'],
    default: 'policy',
    summary: 'When to pull images',
  },
  'pull-always': {
    type: 'boolean',
    hidden: true,
    summary: 'Same as --pull always, as podman-compose has it',
  },
  'quiet-pull': { type: 'boolean', summary: 'Pull without progress' },
  ...orphanFlags,
  scale: {
    type: 'list',
    value: 'SERVICE=N',
    summary: 'How many containers of a service; goes before what the file says',
  },
} as const satisfies FlagSpecs;

export const upFlags = {
  ...reconcileFlags,
  ...timeoutFlag,
  'always-recreate-deps': { type: 'boolean', summary: 'Recreate dependencies too' },
  'no-deps': { type: 'boolean', summary: 'Leave linked services alone' },
  'no-start': { type: 'boolean', summary: 'Create, and do not start' },
  'renew-anon-volumes': {
    type: 'boolean',
    char: 'V',
    summary: 'New anonymous volumes for what is recreated',
  },
} as const satisfies FlagSpecs;

export const reconcileConflicts = [
  { flags: ['build'], with: ['no-build'] },
  { flags: ['no-recreate'], with: ['force-recreate'] },
  { flags: ['ignore-orphans'], with: ['remove-orphans'] },
] as const satisfies readonly Conflict<typeof reconcileFlags>[];

export const upConflicts = [
  ...reconcileConflicts,
  { flags: ['no-recreate'], with: ['always-recreate-deps', 'renew-anon-volumes'] },
] as const satisfies readonly Conflict<typeof upFlags>[];

export function toUpOptions(
  flags: FlagValues<typeof reconcileFlags> & Partial<FlagValues<typeof upFlags>>,
  services: readonly string[],
): UpRequest['options'] {
  return {
    services,
    forceRecreate: flags['force-recreate'],
    noRecreate: flags['no-recreate'],
    removeOrphans: flags['remove-orphans'],
    ignoreOrphans: flags['ignore-orphans'],
    scale: parseScale(flags.scale),
    alwaysRecreateDeps: flags['always-recreate-deps'],
    noDeps: flags['no-deps'],
    noStart: flags['no-start'],
    renewAnonymousVolumes: flags['renew-anon-volumes'],
    timeout: toNanoseconds(flags.timeout),
  };
}

/** `policy` leaves it to each service; `build` is what happens to missing images that are built. */
export function toImageChoice(flags: FlagValues<typeof reconcileFlags>): ImageChoice {
  const asked = flags['pull-always'] ? 'always' : flags.pull;
  const pull = asked as 'always' | 'missing' | 'never' | 'policy' | 'build';
  return {
    ...(pull !== 'policy' && pull !== 'build' && { pull }),
    quiet: flags['quiet-pull'],
    build: toBuildWish(flags),
  };
}

function toBuildWish(flags: FlagValues<typeof reconcileFlags>): NonNullable<ImageChoice['build']> {
  if (flags.build || flags.pull === 'build') return 'always';
  return flags['no-build'] ? 'never' : 'missing';
}

/** `web=5 db=2`. */
export function parseScale(assignments: readonly string[]): Record<string, number> {
  const scale: Record<string, number> = {};
  for (const text of assignments) {
    const match = /^([^=]+)=(\d+)$/.exec(text);
    const count = Number(match?.[2]);
    if (match === null || !Number.isSafeInteger(count)) {
      throw usageError(`"${text}" is not of the form SERVICE=N`, ['for example: web=5']);
    }
    scale[match[1] as string] = count;
  }
  return scale;
}
