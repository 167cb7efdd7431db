// Every verb there is, and where its code lives. Static, so that a run loads one command and nothing else.

import type { Command } from './command.ts';
import { builderVerbs, containerVerbs, imageVerbs, loginVerbs, registryVerbs } from './image-verbs.ts';
import { systemVerbs } from './system-verbs.ts';

export interface VerbEntry {
  readonly summary: string;
  readonly aliases?: readonly string[];
  /** Runs without oclif: start-up is part of what these cost. */
  readonly frequent?: boolean;
  /** Has nothing to do with a project: no file is looked for. */
  readonly projectless?: boolean;
  load(): Promise<{ readonly command: Command }>;
}

export const verbs: Readonly<Record<string, VerbEntry>> = {
  attach: { summary: 'See and type what a container does', load: () => import('./commands/attach.ts') },
  build: {
    summary: 'Build the images of services',
    frequent: true,
    load: () => import('./commands/build.ts'),
  },
  ...builderVerbs,
  commit: {
    summary: 'Make an image of what a container has changed',
    load: () => import('./commands/commit.ts'),
  },
  completion: {
    summary: 'Print the completion script of a shell',
    frequent: true,
    projectless: true,
    load: () => import('./commands/completion.ts'),
  },
  config: {
    summary: 'Check the files and print them in canonical form',
    aliases: ['convert'],
    frequent: true,
    load: () => import('./commands/config.ts'),
  },
  cp: { summary: 'Copy files from and to containers', load: () => import('./commands/cp.ts') },
  ...containerVerbs,
  create: { summary: 'Create containers without starting them', load: () => import('./commands/create.ts') },
  down: {
    summary: 'Stop and remove containers and networks',
    frequent: true,
    load: () => import('./commands/down.ts'),
  },
  events: { summary: 'Show what happens to containers', load: () => import('./commands/events.ts') },
  exec: { summary: 'Run a command in a container', frequent: true, load: () => import('./commands/exec.ts') },
  export: { summary: 'Write the files of a container as a tar', load: () => import('./commands/export.ts') },
  ...imageVerbs,
  images: {
    summary: 'List the images that containers were made from',
    load: () => import('./commands/images.ts'),
  },
  kill: { summary: 'Send a signal to containers', load: () => import('./commands/kill.ts') },
  ...loginVerbs,
  logs: { summary: 'Show what containers print', frequent: true, load: () => import('./commands/logs.ts') },
  ls: { summary: 'List projects', projectless: true, load: () => import('./commands/ls.ts') },
  pause: { summary: 'Freeze containers', load: () => import('./commands/pause.ts') },
  plan: {
    summary: 'Print what up would do, and why',
    frequent: true,
    load: () => import('./commands/plan.ts'),
  },
  port: { summary: 'Print where a port is published', load: () => import('./commands/port.ts') },
  ps: { summary: 'List containers', frequent: true, load: () => import('./commands/ps.ts') },
  ...registryVerbs,
  pull: { summary: 'Get the images of services', load: () => import('./commands/pull.ts') },
  push: { summary: 'Send built images to their registries', load: () => import('./commands/push.ts') },
  restart: { summary: 'Restart containers', frequent: true, load: () => import('./commands/restart.ts') },
  rm: { summary: 'Remove stopped containers', load: () => import('./commands/rm.ts') },
  run: {
    summary: 'Run a command in a container of its own',
    frequent: true,
    load: () => import('./commands/run.ts'),
  },
  scale: {
    summary: 'Set the number of containers of services',
    frequent: true,
    load: () => import('./commands/scale.ts'),
  },
  start: { summary: 'Start containers', frequent: true, load: () => import('./commands/start.ts') },
  stats: { summary: 'Show what containers use', load: () => import('./commands/stats.ts') },
  stop: { summary: 'Stop containers', frequent: true, load: () => import('./commands/stop.ts') },
  ...systemVerbs,
  top: { summary: 'List the processes of containers', load: () => import('./commands/top.ts') },
  unpause: { summary: 'Let frozen containers go on', load: () => import('./commands/unpause.ts') },
  up: { summary: 'Create and start containers', frequent: true, load: () => import('./commands/up.ts') },
  version: {
    summary: 'Print the version',
    frequent: true,
    projectless: true,
    load: () => import('./commands/version.ts'),
  },
  volumes: { summary: 'List volumes', load: () => import('./commands/volumes.ts') },
  wait: { summary: 'Wait until containers have stopped', load: () => import('./commands/wait.ts') },
  watch: {
    summary: 'Sync, restart and rebuild services when their files change',
    aliases: ['alpha watch'],
    load: () => import('./commands/watch.ts'),
  },
};

export interface FoundVerb {
  readonly verb: string;
  readonly entry: VerbEntry;
  /** How many words of the rest belong to the verb: 1 for `system check`. */
  readonly words: number;
}

/** A verb by its name or alias, of one word or of two. */
export function findVerb(first: string, second: string | undefined): FoundVerb | undefined {
  return findExact(first, 0) ?? findExact(`${first} ${second}`, 1);
}

/** The second words of verbs that begin with `first`. */
export function listSecondWords(first: string): string[] {
  return Object.keys(verbs)
    .filter((verb) => verb.startsWith(`${first} `))
    .map((verb) => verb.slice(first.length + 1));
}

function findExact(name: string, words: number): FoundVerb | undefined {
  const verb = Object.hasOwn(verbs, name)
    ? name
    : Object.keys(verbs).find((each) => verbs[each]?.aliases?.includes(name));
  return verb === undefined ? undefined : { verb, entry: verbs[verb] as VerbEntry, words };
}
