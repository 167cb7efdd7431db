// FileReader that also fetches Git repositories: into a cache by commit, after asking. Its only window on the network is
// the `git` program.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { join, sep } from 'node:path';
import { TcError } from '../base/error.ts';
import type { FileReader } from './file-reader.ts';
import { type GitReference, parseRemote } from './text/remote.ts';

export interface RemoteOptions {
  /** Absolute; made when it is needed, for its owner alone. */
  readonly cacheDirectory: string;
  /** Asked once for each reference before anything of it is used. */
  confirm(reference: string): boolean;
  /** Runs git and waits. */
  git(args: readonly string[], cwd: string): GitResult;
}

export interface GitResult {
  /** Undefined: git could not be run. */
  readonly status: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export function createRemoteReader(base: FileReader, options: RemoteOptions): FileReader {
  const fetched = new Map<string, string>();
  return {
    ...base,
    fetch(name) {
      const path = fetched.get(name) ?? fetch(name, options);
      fetched.set(name, path);
      return path;
    },
  };
}

function fetch(name: string, options: RemoteOptions): string {
  const reference = parseRemote(name);
  if (reference?.kind !== 'git') {
    throw failure(`${name} is no Git repository`, ['only Git repositories can be fetched: clone or pull it']);
  }
  if (!options.confirm(name))
    throw failure(`${name} was not accepted`, ['say yes when asked, or pass --yes']);
  const repository = join(options.cacheDirectory, createHash('sha256').update(reference.url).digest('hex'));
  const commit = resolveCommit(name, reference, repository, options);
  const copy = join(repository, commit);
  if (!existsSync(copy)) checkOut(name, reference, commit, repository, options);
  return locate(name, reference, copy);
}

const fullCommit = /^[0-9a-f]{40}$/;

function resolveCommit(
  name: string,
  reference: GitReference,
  repository: string,
  options: RemoteOptions,
): string {
  const { url, ref = 'HEAD' } = reference;
  if (fullCommit.test(ref)) return ref;
  mkdirSync(repository, { recursive: true, mode: 0o700 });
  const { stdout } = runGit(name, ['ls-remote', '--', url, ref], repository, options);
  const commit = findReference(stdout, ref);
  if (commit === undefined)
    throw failure(`${name}: there is no \`${ref}\``, ['name a branch, a tag or a commit']);
  return commit;
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

/** In a directory of its own, renamed when it is whole: two commands at once do not meet. */
function checkOut(
  name: string,
  { url }: GitReference,
  commit: string,
  repository: string,
  options: RemoteOptions,
): void {
  mkdirSync(repository, { recursive: true, mode: 0o700 });
  const staging = mkdtempSync(join(repository, 'new-'));
  try {
    runGit(name, ['init', '--quiet'], staging, options);
    runGit(name, ['fetch', '--quiet', '--depth', '1', '--', url, commit], staging, options);
    // Nothing of the repository runs: no hooks, no filters of its own.
    runGit(
      name,
      ['-c', 'core.hooksPath=/dev/null', 'checkout', '--quiet', '--detach', 'FETCH_HEAD'],
      staging,
      options,
    );
    rmSync(join(staging, '.git'), { recursive: true });
    if (!existsSync(join(repository, commit))) renameSync(staging, join(repository, commit));
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/** Neither `..` nor a symbolic link leads out of the copy. */
function locate(name: string, { path = '.' }: GitReference, copy: string): string {
  const wanted = join(copy, path);
  if (!existsSync(wanted))
    throw failure(`${name}: there is no \`${path}\` in the repository`, ['check the path']);
  const real = realpathSync(wanted);
  const root = realpathSync(copy);
  if (real !== root && !real.startsWith(root + sep)) {
    throw failure(`${name}: \`${path}\` leads out of the repository`, ['name a path within it']);
  }
  return real;
}

function runGit(name: string, args: readonly string[], cwd: string, options: RemoteOptions): GitResult {
  const result = options.git(args, cwd);
  if (result.status === undefined)
    throw failure(`${name}: git is not installed`, ['install git, or clone it elsewhere']);
  if (result.status === 0) return result;
  const reason = result.stderr.trim().split('\n').at(-1) || `git ${args[0]} exited ${result.status}`;
  throw failure(`${name} cannot be fetched: ${reason}`, ['check the address, and that you may read it']);
}

function failure(message: string, hints: readonly string[]): TcError {
  return new TcError(message, { code: 'remote-failed', kind: 'environment', hints });
}
