// The flags of `run`, and what they ask of the app.

import type { RunRequest } from '../app/run.ts';
import { usageError } from './argv.ts';
import type { Conflict } from './command.ts';
import type { FlagSpecs, FlagValues } from './flag.ts';
import { orphanFlags } from './shared-flags.ts';

export const runFlags = {
  build: { type: 'boolean', summary: 'Build images first, also those that are here' },
  'cap-add': { type: 'list', value: 'CAP', summary: 'Add a capability' },
  'cap-drop': { type: 'list', value: 'CAP', summary: 'Drop a capability' },
  detach: { type: 'boolean', char: 'd', summary: 'Run in the background and print the container id' },
  entrypoint: { type: 'string', value: 'COMMAND', summary: 'Instead of the entrypoint' },
  env: { type: 'list', char: 'e', value: 'NAME=VALUE', summary: 'Set a variable; NAME alone passes it on' },
  'env-from-file': { type: 'list', value: 'FILE', summary: 'Set the variables of an env file' },
  interactive: { type: 'boolean', char: 'i', default: true, summary: 'Keep input open' },
  label: { type: 'list', char: 'l', aliases: ['labels'], value: 'NAME=VALUE', summary: 'Add a label' },
  name: { type: 'string', value: 'NAME', summary: 'Name of the container' },
  'no-deps': { type: 'boolean', summary: 'Start nothing that the service depends on' },
  'no-tty': { type: 'boolean', char: 'T', aliases: ['no-TTY'], summary: 'No terminal' },
  publish: { type: 'list', char: 'p', value: 'HOST:CONTAINER', summary: 'Publish a port' },
  pull: {
    type: 'string',
    value: 'POLICY',
    options: ['policy', 'missing', 'never', 'always', 'build'],
    default: 'policy',
    summary: 'When to pull the image',
  },
  quiet: { type: 'boolean', char: 'q', summary: 'Show no progress' },
  'quiet-build': { type: 'boolean', hidden: true, summary: 'Build without progress' },
  'quiet-pull': { type: 'boolean', summary: 'Pull without progress' },
  ...orphanFlags,
  rm: { type: 'boolean', summary: 'Remove the container when it ends' },
  'service-ports': { type: 'boolean', char: 'P', summary: 'Publish the ports of the service' },
  tty: { type: 'boolean', char: 't', hidden: true, summary: 'A terminal, if there is one; see --no-tty' },
  'use-aliases': { type: 'boolean', summary: "Answer to the service's names" },
  user: { type: 'string', char: 'u', value: 'USER', summary: 'As this user, by name or number' },
  volume: {
    type: 'list',
    char: 'v',
    aliases: ['volumes'],
    value: 'SOURCE:TARGET',
    summary: 'Mount a volume',
  },
  workdir: { type: 'string', char: 'w', value: 'DIR', summary: 'In this directory' },
} as const satisfies FlagSpecs;

export const runConflicts = [
  { flags: ['publish'], with: ['service-ports'] },
  { flags: ['tty'], with: ['no-tty'] },
  { flags: ['ignore-orphans'], with: ['remove-orphans'] },
] as const satisfies readonly Conflict<typeof runFlags>[];

export type RunFlags = FlagValues<typeof runFlags>;

export function toRunRequest(
  flags: RunFlags,
  [service = '', ...command]: readonly string[],
  tty: boolean,
): Omit<RunRequest, 'attach'> {
  if (flags.name !== undefined && !/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(flags.name)) {
    throw usageError(`--name: "${flags.name}" is not a name`, ['use letters, digits, ".", "_" and "-"']);
  }
  return {
    service,
    name: flags.name,
    changes: {
      command,
      entrypoint: flags.entrypoint,
      labels: flags.label,
      capAdd: flags['cap-add'],
      capDrop: flags['cap-drop'],
      user: flags.user,
      workingDir: flags.workdir,
      volumes: flags.volume,
      publish: flags.publish,
      servicePorts: flags['service-ports'],
      tty,
      interactive: flags.interactive,
    },
    variables: { assignments: flags.env, files: flags['env-from-file'] },
    pullPolicy: ['policy', 'build'].includes(flags.pull) ? undefined : flags.pull,
    build: flags.build || flags.pull === 'build',
    noDeps: flags['no-deps'],
    removeOrphans: flags['remove-orphans'],
    ignoreOrphans: flags['ignore-orphans'],
    removeOnEnd: flags.rm,
    useAliases: flags['use-aliases'],
  };
}
