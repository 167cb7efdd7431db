// A case given to Docker, and the image that comes of it, in the words of our own description.

import { createWriteStream, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Case, expandContext, type Setting } from './case.ts';
import { type DockerBuilder, isOfToday } from './docker-builder.ts';
import { listArchive, listFiles } from './file-list.ts';
import type { Laboratory } from './laboratory.ts';

export async function buildWithDocker(docker: DockerBuilder, context: string, { settings }: Case) {
  const tag = basename(context);
  const flags = settings.flatMap((setting) => flagsOf(context, setting));
  const build = ['build', '--progress=plain', ...networkOf(settings), '--tag', tag, ...flags];
  if (!isOfToday) {
    const progress = await docker.build(...build, context);
    return { files: listFiles(await docker.layers(tag)), document: await docker.document(tag), progress };
  }
  const archive = `${context}.tar`;
  const outputs = ['--output', 'type=docker', '--output', `type=tar,dest=${archive}`];
  const progress = await docker.build(...build, ...outputs, context);
  return { files: listArchive(archive), document: await docker.document(tag), progress };
}

/** The image that most cases are built on. */
export async function loadBase(docker: DockerBuilder, laboratory: Laboratory): Promise<void> {
  const archive = join(laboratory.makeDirectory('base-archive'), 'base.tar');
  await pipeline(laboratory.engine.images.save(['base'], 'docker-archive'), createWriteStream(archive));
  await docker.run('load', '--input', archive);
}

function networkOf(settings: readonly Setting[]): string[] {
  return settings.some(({ key, name }) => key === 'build' && name === 'network') ? [] : ['--network', 'none'];
}

interface LintReport {
  readonly warnings:
    | readonly {
        readonly ruleName: string;
        readonly detail: string;
        readonly location: { readonly ranges: readonly { readonly start: { readonly line: number } }[] };
      }[]
    | null;
}

/** Findings of its checks, each `LINE RULE: MESSAGE`. */
export async function checkWithDocker(docker: DockerBuilder, context: string, { settings }: Case) {
  const flags = settings.flatMap((setting) => flagsOf(context, setting));
  const text = await docker.check('--call=check,format=json', ...flags, context);
  const { warnings } = JSON.parse(text) as LintReport;
  return (warnings ?? []).map(
    ({ ruleName, detail, location }) => `${location.ranges[0]?.start.line} ${ruleName}: ${detail}`,
  );
}

function flagsOf(context: string, { key, name, value }: Setting): string[] {
  if (key === 'arg') return ['--build-arg', `${name}=${value}`];
  if (key === 'host') return ['--add-host', `${name}:${value}`];
  if (key === 'context') return ['--build-context', `${name}=${expandContext(value, context)}`];
  if (key === 'build') return optionsOf(name, JSON.parse(value));
  if (key !== 'secret') return [];
  const file = `${context}-${name}`;
  writeFileSync(file, value);
  return ['--secret', `id=${name},src=${file}`];
}

type Limits = Record<string, { readonly soft: number; readonly hard: number }>;

function optionsOf(name: string, value: unknown): string[] {
  switch (name) {
    case 'target':
    case 'network':
      return [`--${name}`, String(value)];
    case 'platforms':
      return ['--platform', (value as string[]).join(',')];
    case 'shmSize':
      return ['--shm-size', String(value)];
    case 'labels':
      return Object.entries(value as object).flatMap(([key, text]) => ['--label', `${key}=${text}`]);
    case 'entitlements':
      return (value as string[]).flatMap((each) => ['--allow', each]);
    case 'ulimits':
      return Object.entries(value as Limits).flatMap(([key, { soft, hard }]) => [
        '--ulimit',
        `${key}=${soft}:${hard}`,
      ]);
    default:
      throw new Error(`docker build has no flag for ${name}`);
  }
}

/** What Docker 20.10 adds to an image's own config is left out; so is what says nothing. */
const members = new Set([
  ...['User', 'Env', 'Cmd', 'Entrypoint', 'Volumes', 'WorkingDir', 'OnBuild', 'Labels'],
  ...['ExposedPorts', 'Healthcheck', 'StopSignal', 'Shell'],
]);

export function selectMembers(config: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const saysNothing = (value: unknown) => value === undefined || value === null || value === '';
  return Object.fromEntries(
    Object.entries(config).filter(([key, value]) => members.has(key) && !saysNothing(value)),
  );
}

type Line = Readonly<Record<string, unknown>>;

/** A whole config but for what every build has its own of: times, and digests of layers, in which there are times. */
export function withoutTimes({ created: _, rootfs: __, ...document }: Line): Line {
  const history = (document['history'] ?? []) as Line[];
  return { ...document, history: history.map(({ created: _, ...line }) => line) };
}

/** Lines of what BuildKit before 0.11 leaves of a mount in the layer: the empty file or directory that it was made on. */
export function mountPoints(dockerfile: string): ReadonlySet<string> {
  const targets = [...dockerfile.matchAll(/(?:target|dst)=([^,\s]+)/g)].map(([, target = '']) => target);
  const paths = [...targets, '/run/secrets', '/run/buildkit'].flatMap((path) => {
    const names = path.split('/').filter((name) => name !== '');
    return names.map((_, index) => `/${names.slice(0, index + 1).join('/')}`);
  });
  return new Set(paths.flatMap((path) => [`${path} directory 755 0:0\n`, `${path} file 755 0:0 ""\n`]));
}
