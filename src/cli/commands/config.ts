import { writeFileSync } from 'node:fs';
import {
  type ConfigList,
  type ConfigOptions,
  checkConfig,
  config,
  configEnvironment,
  configLists,
  listConfig,
} from '../../app/config.ts';
import { defineCommand } from '../command.ts';
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
  ],
  flags: {
    format: {
      type: 'string',
      value: 'FORMAT',
      options: ['yaml', 'json'],
      default: 'yaml',
      summary: 'yaml or json',
    },
    quiet: { type: 'boolean', char: 'q', summary: 'Check only' },
    output: { type: 'string', char: 'o', value: 'FILE', summary: 'Write to a file' },
    ...listFlags,
    environment: { type: 'boolean', summary: 'The variables that the files see' },
    'no-consistency': { type: 'boolean', summary: 'Do not check whether services fit together' },
    'no-env-resolution': { type: 'boolean', summary: 'Leave env files unread' },
    'no-normalize': { type: 'boolean', summary: 'Add no defaults' },
    'no-path-resolution': { type: 'boolean', summary: 'Leave paths as written' },
    'no-interpolate': { type: 'boolean', unsupported: true, summary: 'Leave variables as written' },
    hash: { type: 'string', value: 'SERVICES', unsupported: true, summary: 'Hashes of services' },
    variables: { type: 'boolean', unsupported: true, summary: 'The variables that the files name' },
    'resolve-image-digests': { type: 'boolean', unsupported: true, summary: 'Pin images by digest' },
    'lock-image-digests': { type: 'boolean', unsupported: true, summary: 'An override that pins images' },
  },
  async run({ flags, operands, session }) {
    const options: ConfigOptions = {
      services: operands,
      format: flags.format as ConfigOptions['format'],
      consistency: !flags['no-consistency'],
      envResolution: !flags['no-env-resolution'],
      normalization: !flags['no-normalize'],
      pathResolution: !flags['no-path-resolution'],
    };
    const list = configLists.find((name) => flags[name]);
    if (flags.environment) write(lines(configEnvironment(session.context)));
    else if (list !== undefined) write(lines(listConfig(session.context, list, options)));
    else if (flags.quiet) checkConfig(session.context, options);
    else write(config(session.context, options));
    return 0;

    function write(text: string): void {
      if (flags.output === undefined) session.print(text);
      else writeFileSync(flags.output, text);
    }
  },
});

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('');
}
