// A directory of its own for each test, the real addon, and the few lines that every test of images begins with.

import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { ImageStoreOptions } from '../../../src/image/context.ts';
import type { ImageEvent } from '../../../src/image/progress.ts';
import { createImageStore, type ImageStore } from '../../../src/image/store.ts';
import { loadNative, tcrunPath } from '../../../src/runtime/native.ts';

export const native = loadNative();
export const tools = { native, executable: tcrunPath() };

export class Sandbox {
  readonly directory = mkdtempSync(join(tmpdir(), 'tcompose-image-'));

  path(...parts: string[]): string {
    return join(this.directory, ...parts);
  }

  makeDirectory(name: string): string {
    const path = this.path(name);
    mkdirSync(path, { recursive: true });
    return path;
  }

  write(name: string, content: string | Uint8Array): string {
    const path = this.path(name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    return path;
  }

  /** Registries on loopback answer without a user's own configuration; retries do not wait. */
  store(options: Partial<ImageStoreOptions> & { readonly root?: string } = {}): ImageStore {
    return createImageStore({
      root: this.path('data'),
      ...tools,
      host: () => Promise.reject(new Error('not in this test')),
      ...options,
      registries: {
        environment: { HOME: this.path('home') },
        certificates: [this.path('certs.d')],
        retryDelayMs: 1,
        ...options.registries,
      },
    });
  }

  dispose(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

export function run(program: string, ...args: string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** For programs that talk to a server in this process. */
export async function runAside(program: string, ...args: string[]): Promise<string> {
  return (await promisify(execFile)(program, args, { encoding: 'utf8', timeout: 60_000 })).stdout;
}

export function runIn(cwd: string, program: string, ...args: string[]): string {
  return execFileSync(program, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Keeps what an operation tells. */
export function recorder(): { readonly events: ImageEvent[]; readonly on: (event: ImageEvent) => void } {
  const events: ImageEvent[] = [];
  return { events, on: (event) => void events.push(event) };
}

export async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

export async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
}
