// A case given to Docker, and the image that comes of it, in the words of our own description.

import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Case, Setting } from './case.ts';
import type { DockerBuilder } from './docker-builder.ts';
import { listFiles } from './file-list.ts';

export async function buildWithDocker(docker: DockerBuilder, context: string, { settings }: Case) {
  const tag = basename(context);
  const flags = settings.flatMap((setting) => flagsOf(context, setting));
  await docker.run('build', '--quiet', '--network', 'none', '--tag', tag, ...flags, context);
  const text = await docker.run('image', 'inspect', '--format', '{{json .Config}}', tag);
  const config = JSON.parse(text) as Record<string, unknown>;
  return { files: listFiles(await docker.layers(tag)), config: selectMembers(config) };
}

function flagsOf(context: string, { key, name, value }: Setting): string[] {
  if (key === 'arg') return ['--build-arg', `${name}=${value}`];
  if (key === 'host') return ['--add-host', `${name}:${value}`];
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
    case 'platform':
      return [`--${name}`, String(value)];
    case 'shmSize':
      return ['--shm-size', String(value)];
    case 'labels':
      return Object.entries(value as object).flatMap(([key, text]) => ['--label', `${key}=${text}`]);
    case 'ulimits':
      return Object.entries(value as Limits).flatMap(([key, { soft, hard }]) => [
        '--ulimit',
        `${key}=${soft}:${hard}`,
      ]);
    default:
      throw new Error(`docker build has no flag for ${name}`);
  }
}

/** What Docker's API adds to an image's own config is left out; so is what says nothing. */
const members = new Set([
  ...['User', 'Env', 'Cmd', 'Entrypoint', 'Volumes', 'WorkingDir', 'OnBuild', 'Labels'],
  ...['ExposedPorts', 'Healthcheck', 'StopSignal', 'Shell'],
]);

function selectMembers(config: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const saysNothing = (value: unknown) => value === undefined || value === null || value === '';
  return Object.fromEntries(
    Object.entries(config).filter(([key, value]) => members.has(key) && !saysNothing(value)),
  );
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
