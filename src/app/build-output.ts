// `build --output`: what is made of an image beside its name in the store. Names of types and keys are buildx's.

import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { TcError } from '../base/error.ts';
import type { Engine } from '../engine/ports.ts';

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

export async function writeOutput(
  engine: Engine,
  image: string,
  output: BuildOutput,
  write: WriteBytes,
): Promise<void> {
  const { images, copy } = engine;
  if (output.kind === 'archive') {
    const { file, format } = output;
    return write(format === 'tar' ? images.flatten(image) : images.save([image], format), file);
  }
  await mkdir(output.directory, { recursive: true });
  const tree = await copy.host(output.directory);
  try {
    // As buildx does: the files belong to whoever asked for them.
    await tree.write('/', images.flatten(image), { keepOwners: false, devices: false });
  } finally {
    tree.close();
  }
}
