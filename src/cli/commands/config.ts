import { type ConfigList, configLists } from '../../app/config-lists.ts';
import { defineCommand } from '../command.ts';
import { renderConfig, reportDiagnostics, writeOutput } from '../config-output.ts';
import type { FlagSpecs } from '../flag.ts';

const listFlags = {
  services: { type: 'boolean', summary: 'Names of services, dependencies first' },
  networks: { type: 'boolean', summary: 'Names of networks' },
  volumes: { type: 'boolean', summary: 'Names of volumes' },
  models: { type: 'boolean', summary: 'AI models that services use' },
  images: { type: 'boolean', summary: 'Images of services and of their hooks' },
  profiles: { type: 'boolean', summary: 'Names of profiles' },
} as const satisfies Record<ConfigList, FlagSpecs[string]>;

export const command = defineCommand({
  operands: '[SERVICE...]',
  examples: [
    { text: 'Are the files right?', line: 'config -q' },
    { text: 'The model after variables, overrides and profiles', line: 'config' },
    { text: 'Who set this value, and what did it override?', line: 'config --explain web.environment.LEVEL' },
    { text: 'The file without its deprecated forms', line: 'config --upgrade -o new.yaml' },
  ],
  flags: {
    format: { type: 'string', value: 'FORMAT', summary: 'yaml or json; for --variables also table' },
    quiet: {
      type: 'boolean',
      char: 'q',
      summary: 'Check only; with --format json, diagnostics as JSON lines',
    },
    output: { type: 'string', char: 'o', value: 'FILE', summary: 'Write to a file' },
    ...listFlags,
    environment: { type: 'boolean', summary: 'The variables that the files see' },
    variables: { type: 'boolean', summary: 'The variables that the files name' },
    explain: {
      type: 'list',
      value: 'PATH',
      summary: 'Where the value at a path comes from: file, line, variables, and what it took the place of',
    },
    upgrade: { type: 'boolean', summary: 'The file in the form of today, with its comments' },
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
    'resolve-image-digests': {
      type: 'boolean',
      summary: 'Images with the digests that their tags stand for',
    },
    'lock-image-digests': { type: 'boolean', summary: 'An override that pins images by digest' },
  },
  async run({ flags, operands, session }) {
    const list = configLists.find((name) => flags[name]);
    const wanted = { ...flags, list, selected: operands };
    if (flags.quiet && flags.format === 'json') return reportDiagnostics(session, wanted);
    const text = await renderConfig(session.context, wanted);
    if (flags.quiet) return 0;
    if (flags.output !== undefined) writeOutput(flags.output, text);
    else if (text !== '') session.print(text);
    return 0;
  },
});
