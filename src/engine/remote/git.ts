// Git repositories by way of the `git` program: which commit a name stands for, and a copy of its files.

import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { GitReference } from '../../project/text/remote.ts';
import { remoteFailure } from './failure.ts';

export interface GitResult {
  /** Undefined: git could not be run. */
  readonly status: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs git with these arguments. */
export type Git = (args: readonly string[], cwd: string, signal?: AbortSignal) => Promise<GitResult>;

export interface GitRequest {
  /** As the user wrote it, for messages. */
  readonly name: string;
  readonly reference: GitReference;
  readonly git: Git;
  readonly signal?: AbortSignal | undefined;
}

export const runGit: Git = (args, cwd, signal) =>
  new Promise((resolve) => {
    // Who has no access is told so, instead of being asked for a password in the middle of a command.
    const env = { ...process.env, GIT_TERMINAL_PROMPT: '0' };
    const options = { cwd, env, signal, maxBuffer: 64 * 1024 * 1024 };
    execFile('git', args, options, (error, stdout, stderr) => {
      const status = error === null ? 0 : typeof error.code === 'number' ? error.code : undefined;
      resolve({ status, stdout, stderr });
    });
  });

const fullCommit = /^[0-9a-f]{40}$/;

export async function resolveCommit(request: GitRequest): Promise<string> {
  const { url, ref = 'HEAD' } = request.reference;
  if (fullCommit.test(ref)) return ref;
  const commit = findReference(await call(request, ['ls-remote', '--', url, ref], '/'), ref);
  if (commit !== undefined) return commit;
  throw remoteFailure(`${request.name}: there is no \`${ref}\``, ['name a branch, a tag or a commit']);
}

/** `git ls-remote` matches the ends of names: `main` also finds `refs/heads/other/main`. */
function findReference(listing: string, ref: string): string | undefined {
  const commits = new Map<string, string>();
  for (const line of listing.split('\n')) {
    const [commit = '', reference = ''] = line.split('\t');
    if (fullCommit.test(commit)) commits.set(reference, commit);
  }
  const names = [ref, `refs/${ref}`, `refs/tags/${ref}`, `refs/heads/${ref}`];
  return names.map((reference) => commits.get(reference)).find((commit) => commit !== undefined);
}

/** The files of a commit into an empty directory. Nothing of the repository runs: no hooks, no submodules. */
export async function checkOut(request: GitRequest, commit: string, directory: string): Promise<void> {
  const { url } = request.reference;
  await call(request, ['init', '--quiet'], directory);
  await call(request, ['fetch', '--quiet', '--depth', '1', '--', url, commit], directory);
  const checkout = ['checkout', '--quiet', '--detach', 'FETCH_HEAD'];
  await call(request, ['-c', 'core.hooksPath=/dev/null', ...checkout], directory);
  rmSync(join(directory, '.git'), { recursive: true });
}

async function call(
  { git, name, signal }: GitRequest,
  args: readonly string[],
  cwd: string,
): Promise<string> {
  const { status, stdout, stderr } = await git(args, cwd, signal);
  signal?.throwIfAborted();
  if (status === undefined)
    throw remoteFailure(`${name}: git is not installed`, ['install git, or clone it elsewhere']);
  if (status === 0) return stdout;
  const reason = stderr.trim().split('\n').at(-1) || `git ${args[0]} exited ${status}`;
  throw remoteFailure(`${name} cannot be fetched: ${reason}`, [
    'check the address, and that you may read it',
  ]);
}
