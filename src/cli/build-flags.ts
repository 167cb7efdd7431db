// Flags of `build`.

import { parseBytes } from '../base/units.ts';
import { usageError } from './argv.ts';
import { buildSettingFlags, noAttestation, noneAsked } from './build-setting-flags.ts';
import type { FlagSpecs } from './flag.ts';
import { inParallelFlag } from './shared-flags.ts';

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
  platform: {
    type: 'list',
    value: 'OS/ARCH',
    summary: 'For which platforms, several with commas between them; default: what the services say',
  },
  pull: { type: 'boolean', aliases: ['pull-always'], summary: 'Look for newer base images' },
  push: { type: 'boolean', summary: 'Push the images when they are built' },
  output: {
    type: 'list',
    char: 'o',
    value: 'OUTPUT',
    summary: 'Write the image: a directory, - for a tar, type=local|tar|oci|docker,dest=PATH',
  },
  'metadata-file': {
    type: 'string',
    value: 'FILE',
    summary: 'Write digests and names of what is built, as JSON',
  },
  quiet: { type: 'boolean', char: 'q', summary: 'Print only what goes wrong' },
  ssh: { type: 'list', value: 'ID[=SOCKET]', summary: 'SSH agent that steps may use; default is yours' },
  memory: { type: 'string', char: 'm', value: 'BYTES', summary: 'The most memory that a step may use' },
  check: { type: 'boolean', summary: 'Check the Dockerfiles, and build nothing' },
  print: { type: 'boolean', summary: 'Print the build as a bake file, and build nothing' },
  'with-dependencies': { type: 'boolean', summary: 'Build what the services depend on too' },
  builder: {
    type: 'string',
    value: 'NAME',
    summary: 'There is one: default',
    harmless: /^default$/,
    refused: {
      why: 'there is one builder, default',
      instead: 'leave the flag out; --cache-from and --cache-to share steps between hosts',
    },
  },
  provenance: {
    type: 'string',
    value: 'MODE',
    summary: 'Attestations are not made: false',
    harmless: noneAsked,
    refused: noAttestation,
  },
  sbom: {
    type: 'string',
    value: 'MODE',
    summary: 'Attestations are not made: false',
    harmless: noneAsked,
    refused: noAttestation,
  },
  ...buildSettingFlags,
  compress: { type: 'boolean', hidden: true, summary: 'Has no meaning: the context is not sent anywhere' },
  'force-rm': { type: 'boolean', hidden: true, summary: 'Has no meaning: nothing is left of a step' },
  'no-rm': {
    type: 'boolean',
    hidden: true,
    summary: 'Keep what a step leaves',
    ignored: 'a step leaves no container; `--progress plain` shows what it printed',
  },
  ...inParallelFlag,
} as const satisfies FlagSpecs;

export function readMemory(text: string | undefined): { memory?: number } {
  if (text === undefined) return {};
  const memory = parseBytes(text);
  if (memory !== undefined && memory > 0) return { memory };
  throw usageError(`--memory: "${text}" is not a size`, ['write 512m or 2g']);
}
