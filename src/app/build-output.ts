// `build --output`: what is made of an image beside its name in the store. Names of types and keys are buildx's.

import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { TcError } from '../base/error.ts';
import type { BuildRequest, Engine, NamedImage } from '../engine/ports.ts';

export type BuildOutput =
  /** The files, into a directory: what is there of the same name is replaced, the rest stays. Absolute. */
  | { readonly kind: 'local'; readonly directory: string }
  | {
      readonly kind: 'archive';
      readonly format: 'tar' | 'oci-archive' | 'docker-archive';
      /** Absolute; absent: standard output. */
      readonly file?: string;
    };

export type WriteBytes = (bytes: AsyncIterable<Uint8Array>, file: string | undefined) => Promise<void>;

const formats = { tar: 'tar', oci: 'oci-archive', docker: 'docker-archive' } as const;

/** `DIR`, `-`, or `type=...,dest=...`. Relative paths count from `directory`. */
export function parseBuildOutput(text: string, directory: string): BuildOutput {
  if (text === '-') return { kind: 'archive', format: 'tar' };
  if (!text.includes('=')) return { kind: 'local', directory: resolve(directory, text) };
  const options = new Map(text.split(',').map((field) => splitField(field, text)));
  const take = (key: string): string | undefined => {
    const value = options.get(key);
    options.delete(key);
    return value;
  };
  const [type = '', dest] = [take('type'), take('dest')];
  const [unknown] = options.keys();
  if (unknown !== undefined) throw refuse(text, `there is no option ${unknown}`);
  if (type === 'local') {
    if (!dest || dest === '-') throw refuse(text, 'type=local needs dest=DIRECTORY');
    return { kind: 'local', directory: resolve(directory, dest) };
  }
  if (type in formats) {
    const file = dest === undefined || dest === '-' ? {} : { file: resolve(directory, dest) };
    return { kind: 'archive', format: formats[type as keyof typeof formats], ...file };
  }
  const isImage = type === 'image' || type === 'registry';
  throw refuse(text, `type is local, tar, oci or docker, not "${type}"`, [
    ...(isImage ? ['the image is in the store in any case; --push sends it to its registry'] : []),
  ]);
}

function splitField(field: string, text: string): [string, string] {
  const [key = '', value] = field.split(/=(.*)/s);
  if (value === undefined) throw refuse(text, `"${field}" is not of the form key=value`);
  return [key.trim().toLowerCase(), value];
}

function refuse(text: string, why: string, hints: readonly string[] = []): TcError {
  return new TcError(`--output ${text}: ${why}`, { code: 'build-output', exitCode: 2, hints });
}

/** One image has one output; which of several was meant, nobody can tell. `flags`: those that say so. */
export function requireOneService(names: readonly string[], flags: readonly string[]): void {
  const [flag] = flags;
  if (flag === undefined || names.length === 1) return;
  throw new TcError(`${flag} is for one image, and ${names.length} would be built`, {
    code: 'build-output',
    exitCode: 2,
    hints: [names.length === 0 ? 'no service has a `build:`' : `name one service: ${names.join(', ')}`],
  });
}

/** Docker's own format knows no index; buildx refuses it, too. */
export function requireFormat(
  requests: readonly Pick<BuildRequest, 'name' | 'platforms'>[],
  outputs: readonly BuildOutput[],
): void {
  if (!outputs.some((output) => output.kind === 'archive' && output.format === 'docker-archive')) return;
  for (const { name, platforms = [] } of requests) {
    if (platforms.length <= 1) continue;
    throw new TcError(
      `--output type=docker holds one platform, and ${name} is built for ${platforms.join(', ')}`,
      {
        code: 'build-output',
        exitCode: 2,
        hints: ['type=oci holds all of them', `or build one: --platform ${platforms[0]}`],
      },
    );
  }
}

type Platform = NamedImage['entries'][number]['platform'];

export interface WrittenImage {
  readonly name: string;
  /** That it was built for. */
  readonly platforms: readonly Platform[];
}

export async function writeOutput(
  { images, copy }: Engine,
  image: WrittenImage,
  output: BuildOutput,
  write: WriteBytes,
): Promise<void> {
  const parts = image.platforms.map((platform) => ({
    platform: formatText(platform, '/'),
    directory: formatText(platform, '_'),
  }));
  const isSplit = parts.length > 1;
  if (output.kind === 'local') {
    for (const { platform, directory } of parts) {
      const target = isSplit ? join(output.directory, directory) : output.directory;
      await writeFiles(copy, images.flatten(image.name, platform), target);
    }
    return;
  }
  const { file, format } = output;
  if (format === 'tar') {
    const [{ platform } = { platform: undefined }] = parts;
    const bytes = isSplit ? images.flattenPlatforms(image.name, parts) : images.flatten(image.name, platform);
    return write(bytes, file);
  }
  const [single] = isSplit ? [] : parts;
  return write(images.save([image.name], format, single?.platform), file);
}

/** `linux/arm/v7`, `linux_arm_v7`. */
function formatText({ os, architecture, variant }: Platform, separator: string): string {
  return [os, architecture, ...(variant ? [variant] : [])].join(separator);
}

async function writeFiles(
  copy: Engine['copy'],
  files: AsyncIterable<Uint8Array>,
  directory: string,
): Promise<void> {
  await mkdir(directory, { recursive: true });
  const tree = await copy.host(directory);
  try {
    // As buildx does: the files belong to whoever asked for them.
    await tree.write('/', files, { keepOwners: false, devices: false });
  } finally {
    tree.close();
  }
}
