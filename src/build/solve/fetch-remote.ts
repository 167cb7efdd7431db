// What ADD gets from elsewhere: a URL as a file, a Git repository as a directory.

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { open, rm, utimes } from 'node:fs/promises';
import { basename, join, posix } from 'node:path';
import { promisify } from 'node:util';
import { TcError } from '../../base/error.ts';
import type { CopySource, CopyStep } from '../stage/step.ts';
import { DirectoryTree } from '../tree/directory-tree.ts';
import type { Tree } from '../tree/tree.ts';
import type { StepContext } from './step-context.ts';
import { now } from './step-context.ts';

export interface Fetched {
  readonly tree: Tree;
  /** What of the tree is meant. */
  readonly path: string;
}

export async function fetchRemote(
  source: CopySource & { readonly kind: 'url' | 'git' },
  step: CopyStep,
  context: StepContext,
): Promise<Fetched> {
  const { workshop } = context.solver;
  const directory = await workshop.workspace();
  const { signal } = workshop.options;
  const path =
    source.kind === 'url'
      ? await download(source.url, { directory, checksum: step.checksum, now: now(context), signal })
      : await cloneRepository(source.url, { ...step, directory, signal });
  const tree = new DirectoryTree({
    name: source.url,
    root: directory,
    isContext: true,
    attributes: () => [],
  });
  return { tree, path };
}

interface Download {
  readonly directory: string;
  readonly checksum: string | undefined;
  /** Seconds. */
  readonly now: number;
  readonly signal: AbortSignal;
}

async function download(url: string, { directory, checksum, now, signal }: Download): Promise<string> {
  const response = await fetch(url, { signal }).catch((cause: unknown) => {
    throw unreachable(
      url,
      cause instanceof Error ? String(cause.cause ?? cause.message) : String(cause),
      cause,
    );
  });
  if (!response.ok || response.body === null) throw unreachable(url, `the server answers ${response.status}`);
  const name = fileName(url, response.headers.get('content-disposition'));
  const hash = createHash('sha256');
  const file = await open(join(directory, name), 'wx', 0o600);
  try {
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      hash.update(chunk);
      await file.writeFile(chunk);
    }
  } finally {
    await file.close();
  }
  const actual = `sha256:${hash.digest('hex')}`;
  if (checksum !== undefined && checksum !== actual) throw wrongChecksum(url, checksum, actual);
  const modified = Date.parse(response.headers.get('last-modified') ?? '') / 1000;
  const time = Number.isNaN(modified) ? now : modified;
  await utimes(join(directory, name), time, time);
  return name;
}

function fileName(url: string, disposition: string | null): string {
  const [, quoted, bare] = /filename=(?:"([^"]+)"|([^;]+))/i.exec(disposition ?? '') ?? [];
  const name = basename(quoted ?? bare ?? '') || basename(decodeURIComponent(new URL(url).pathname));
  return name === '' || name === '.' || name === '..' ? '__unnamed__' : name;
}

function unreachable(url: string, why: string, cause?: unknown): TcError {
  return new TcError(`${url} cannot be fetched: ${why}`, { code: 'build-fetch', kind: 'environment', cause });
}

function wrongChecksum(url: string, expected: string, actual: string): TcError {
  return new TcError(`${url} has the check sum ${actual}, not ${expected}`, {
    code: 'build-checksum',
    kind: 'environment',
    hints: ['what is served there has changed, or was tampered with'],
  });
}

interface Clone {
  readonly directory: string;
  readonly checksum?: string;
  readonly keepGitDir: boolean;
  readonly signal?: AbortSignal;
}

const run = promisify(execFile);

/** `URL[#REF[:DIRECTORY]]`. Returns what of the directory is meant. */
export async function cloneRepository(text: string, order: Clone): Promise<string> {
  const [url = '', fragment = ''] = text.split(/#(.*)/s);
  const [reference = '', below = ''] = fragment.split(/:(.*)/s);
  const { directory, signal } = order;
  const git = async (...args: string[]) => {
    const safe = ['-c', 'core.hooksPath=/dev/null', '-c', 'protocol.allow=never'];
    const allowed = ['https', 'http', 'ssh', 'git', 'file'].flatMap((each) => [
      '-c',
      `protocol.${each}.allow=always`,
    ]);
    const env = { ...process.env, GIT_TERMINAL_PROMPT: '0', GIT_CONFIG_NOSYSTEM: '1' };
    return (await run('git', [...safe, ...allowed, ...args], { cwd: directory, env, signal })).stdout.trim();
  };
  try {
    await git('init', '--quiet');
    await git('fetch', '--quiet', '--depth=1', '--', url, reference === '' ? 'HEAD' : reference);
    await git('checkout', '--quiet', '--force', 'FETCH_HEAD');
    await git('submodule', '--quiet', 'update', '--init', '--recursive', '--depth=1');
  } catch (error) {
    const { stderr = '', message } = error as Error & { stderr?: string };
    throw unreachable(text, stderr.trim().split('\n').at(-1) || message, error);
  }
  const commit = await git('rev-parse', 'HEAD');
  if (order.checksum !== undefined && !commit.startsWith(order.checksum))
    throw wrongChecksum(text, order.checksum, commit);
  if (!order.keepGitDir) await rm(join(directory, '.git'), { recursive: true, force: true });
  return posix.join('/', below).slice(1);
}
