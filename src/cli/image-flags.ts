// Flags that several commands about images have.

import type { FlagSpecs } from './flag.ts';

export const platformFlag = {
  platform: { type: 'string', value: 'OS/ARCH', summary: 'Of an image for several platforms, this one' },
} as const satisfies FlagSpecs;

export const truncationFlag = {
  'no-trunc': { type: 'boolean', summary: 'Whole ids and texts' },
} as const satisfies FlagSpecs;

export const outputFlag = {
  output: { type: 'string', char: 'o', value: 'FILE', summary: 'Write to a file, not to standard output' },
} as const satisfies FlagSpecs;

export const imageFormatFlag = {
  format: { type: 'string', value: 'FORMAT', summary: 'table, json, or a Go template' },
} as const satisfies FlagSpecs;

export const commitFlags = {
  author: { type: 'string', char: 'a', value: 'TEXT', summary: 'Who made it: NAME <ADDRESS>' },
  change: {
    type: 'list',
    char: 'c',
    value: 'INSTRUCTION',
    summary: 'Instruction of a Dockerfile to apply to the image: CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, ...',
  },
  message: { type: 'string', char: 'm', value: 'TEXT', summary: 'What it is, for the history' },
} as const satisfies FlagSpecs;
