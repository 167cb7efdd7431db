import { type ConfigList, configLists } from '../../app/config.ts';
import { defineCommand } from '../command.ts';
import { renderConfig, writeOutput } from '../config-output.ts';
import type { FlagSpecs } from '../flag.ts';

const listFlags = {
  services: { type: 'boolean', summary: 'Names of services, dependencies first' },
  networks: { type: 'boolean', summary: 'Names of networks' },
  volumes: { type: 'boolean', summary: 'Names of volumes' },
  models: { type: 'boolean', summary: 'Names of models' },
  images: { type: 'boolean', summary: 'Images of services' },
  profiles: { type: 'boolean', summary: 'Names of profiles' },
} as const satisfies Record<ConfigList, FlagSpecs[string]>;

export const command = defineCommand({
  operands: '[SERVICE...]',
  examples: [
    { text: 'Are the files right?', line: 'config -q' },
    { text: 'The model after variables, overrides and profiles', line: 'config' },
    { text: 'Which variables do the files name?', line: 'config --variables' },
  ],
  flags: {
    format: { type: 'string', value: 'FORMAT', summary: 'yaml or json; for --variables as for ps' },
    quiet: { type: 'boolean', char: 'q', summary: 'Check only' },
    output: { type: 'string', char: 'o', value: 'FILE', summary: 'Write to a file' },
    ...listFlags,
    environment: { type: 'boolean', summary: 'The variables that the files see' },
    variables: { type: 'boolean', summary: 'The variables that the files name' },
    hash: {
      type: 'string',
      value: 'SERVICES',
      summary: 'Hashes of services, separated by commas, or of all: "*"',
    },
    'no-consistency': { type: 'boolean', summary: 'Do not check whether services fit together' },
    'no-env-resolution': { type: 'boolean', summary: 'Leave env files unread' },
    'no-interpolate': { type: 'boolean', summary: 'Leave variables as written' },
    'no-normalize': { type: 'boolean', summary: 'Add no defaults' },
    'no-path-resolution': { type: 'boolean', summary: 'Leave paths as written' },
    'resolve-image-digests': { type: 'boolean', unsupported: true, summary: 'Pin images by digest' },
    'lock-image-digests': { type: 'boolean', unsupported: true, summary: 'An override that pins images' },
  },
  async run({ flags, operands, session }) {
    const list = configLists.find((name) => flags[name]);
    const text = await renderConfig(session.context, { ...flags, list, selected: operands });
    if (flags.output !== undefined) writeOutput(flags.output, text);
    else if (text !== '') session.print(text);
    return 0;
  },
});
