// Flags of `build`.

import { parseBytes } from '../base/units.ts';
import { usageError } from './argv.ts';
import type { FlagSpecs } from './flag.ts';
import { notSupported } from './flag-values.ts';

export const buildFlags = {
  'build-arg': { type: 'list', value: 'NAME=VALUE', summary: 'Give an argument of the Dockerfiles a value' },
  'no-cache': { type: 'boolean', summary: 'Run every step, also those that are known' },
  'cache-from': {
    type: 'list',
    value: 'CACHE',
    summary: 'Where steps may come from: type=registry,ref=NAME, type=local,src=DIR, or an image',
  },
  'cache-to': {
    type: 'list',
    value: 'CACHE',
    summary: 'Where steps go: type=registry,ref=NAME[,mode=max], type=local,dest=DIR, type=inline',
  },
  pull: { type: 'boolean', summary: 'Look for newer base images' },
  push: { type: 'boolean', summary: 'Push the images when they are built' },
  output: {
    type: 'list',
    char: 'o',
    value: 'OUTPUT',
    summary: 'Write the image: a directory, - for a tar, type=local|tar|oci|docker,dest=PATH',
  },
  quiet: { type: 'boolean', char: 'q', summary: 'Print only what goes wrong' },
  ssh: { type: 'list', value: 'ID[=SOCKET]', summary: 'SSH agent that steps may use; default is yours' },
  memory: { type: 'string', char: 'm', value: 'BYTES', summary: 'The most memory that a step may use' },
  check: { type: 'boolean', summary: 'Check the Dockerfiles, and build nothing' },
  print: { type: 'boolean', summary: 'Print the build as a bake file, and build nothing' },
  'with-dependencies': { type: 'boolean', summary: 'Build what the services depend on too' },
  builder: { type: 'string', value: 'NAME', summary: 'There is one: default' },
  provenance: { type: 'string', value: 'MODE', summary: 'Attestations are not made: false' },
  sbom: { type: 'string', value: 'MODE', summary: 'Attestations are not made: false' },
  compress: { type: 'boolean', hidden: true, summary: 'Has no meaning: the context is not sent anywhere' },
  'force-rm': { type: 'boolean', hidden: true, summary: 'Has no meaning: nothing is left of a step' },
  'no-rm': { type: 'boolean', unsupported: true, hidden: true, summary: 'Keep what a step leaves' },
} as const satisfies FlagSpecs;

/** What asks for something that no build here does. */
export function refuseAsked(
  flags: Readonly<Record<'builder' | 'provenance' | 'sbom', string | undefined>>,
): void {
  if (flags.builder !== undefined && flags.builder !== 'default')
    throw notSupported(`--builder ${flags.builder}`);
  for (const name of ['provenance', 'sbom'] as const) {
    const value = flags[name];
    if (value !== undefined && value !== 'false') throw notSupported(`--${name}=${value}`);
  }
}

export function readMemory(text: string | undefined): { memory?: number } {
  if (text === undefined) return {};
  const memory = parseBytes(text);
  if (memory !== undefined && memory > 0) return { memory };
  throw usageError(`--memory: "${text}" is not a size`, ['write 512m or 2g']);
}
