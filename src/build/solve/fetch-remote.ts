// What ADD gets from elsewhere: a URL as a file, a Git repository as a directory.

import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { promisify } from 'node:util';
import { proxyVariables } from '../stage/scope.ts';
import type { CopySource, CopyStep } from '../stage/step.ts';
import { DirectoryTree } from '../tree/directory-tree.ts';
import type { Tree } from '../tree/tree.ts';
import { download, unreachable, wrongChecksum } from './download.ts';
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
      ? await download(source.url, {
          ...{ directory, checksum: step.checksum, now: now(context), signal },
          environment: { ...process.env, ...proxyVariables(context.solver.request.args) },
        })
      : await cloneRepository(source.url, { ...step, directory, signal });
  const tree = new DirectoryTree({
    name: source.url,
    root: directory,
    isContext: true,
    attributes: () => [],
  });
  return { tree, path };
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
