// Where a copy goes and what it is called there: the rules of `docker cp`, of trailing slashes and of what is there
// already. Pure. Source: moby, pkg/archive/copy.go.

import { basename, dirname } from 'node:path';
import { TcError } from '../base/error.ts';
import type { CopyEntry } from '../engine/ports.ts';

export interface CopySide {
  /** Absolute, as typed: `/.` and `/` at its end mean something. */
  readonly path: string;
  readonly entry: CopyEntry;
}

export interface CopyTarget {
  readonly directory: string;
  /** What the copy is called in it; `.`: the members of the source, each by its own name. */
  readonly name: string;
}

export function resolveTarget(source: CopySide, target: CopySide): CopyTarget {
  const isDirectory = source.entry.kind === 'directory';
  if (source.entry.kind === 'missing') throw failed(`${source.path} does not exist`);
  if (!isDirectory && source.path.endsWith('/')) throw failed(`${source.path} is not a directory`);
  if (target.entry.kind === 'directory') {
    return { directory: target.entry.path, name: isContents(source.path) ? '.' : nameOf(source.path) };
  }
  if (target.entry.kind === 'link') throw failed(`${target.path} is a link that leads nowhere`);
  if (target.entry.kind !== 'missing' && isDirectory) {
    throw failed(`${target.path} is no directory: one cannot be copied over it`);
  }
  if (target.entry.kind === 'missing' && !isDirectory && isMeantAsDirectory(target.path)) {
    throw failed(`${target.path} is no directory`, 'make it first, or leave out the slash at the end');
  }
  return { directory: dirname(target.entry.path), name: basename(target.entry.path) };
}

/** `dir/.`: what is in it, not it. */
function isContents(path: string): boolean {
  return path === '/' || path.endsWith('/.') || path.endsWith('/..');
}

function isMeantAsDirectory(path: string): boolean {
  return path.endsWith('/') || path.endsWith('/.');
}

function nameOf(path: string): string {
  return basename(path) || '.';
}

function failed(message: string, hint?: string): TcError {
  return new TcError(message, { code: 'copy-failed', ...(hint && { hints: [hint] }) });
}
