// The file that a name in `-f`, `include` or `extends` means: on this machine, or a copy of one that is not.

import { join, resolve } from 'node:path';
import { TcError } from '../../base/error.ts';
import { composeFileNames } from '../compose-file-name.ts';
import { RemoteNeeded } from '../remote-needed.ts';
import { isRemote, parseRemote } from '../text/remote.ts';
import { nowhere, type Place } from '../text/source-text.ts';
import type { LoadRun } from './scope.ts';

/** An absolute path; undefined after an error was reported. `-` stays. */
export function locateFile(name: string, directory: string, run: LoadRun, at?: Place): string | undefined {
  if (name === '-') return name;
  return isRemote(name) ? locateRemote(name, run, at) : resolve(directory, name);
}

function locateRemote(name: string, run: LoadRun, at: Place | undefined): string | undefined {
  const { diagnostics, reader } = run;
  if (!reader.fetch || !parseRemote(name)) {
    const hints = [
      'a Git repository (`https://host/x.git#ref:dir`) or `oci://` can be; else copy it and name the copy',
    ];
    diagnostics.error({ code: 'remote-unsupported', message: `${name} cannot be fetched`, at, hints });
    return undefined;
  }
  try {
    const copy = reader.fetch(name);
    if (copy !== undefined) return composeFileIn(copy, run) ?? reportEmpty(name, run, at);
    if (!run.needed.has(name)) run.needed.set(name, at ?? nowhere);
    return undefined;
  } catch (error) {
    if (!(error instanceof TcError)) throw error;
    diagnostics.error({
      code: error.code === 'remote-unsupported' ? error.code : 'remote-failed',
      message: error.message,
      at,
      hints: error.hints,
      cause: error,
    });
    return undefined;
  }
}

/** Throws if files were named that have to be fetched first. */
export function throwIfNeeded({ diagnostics, needed }: LoadRun): void {
  if (needed.size === 0) return;
  const files = [...needed].map(([name, at]) => {
    const source = diagnostics.sources.positionOf(at);
    return { name, ...(source ? { source } : {}) };
  });
  throw new RemoteNeeded(files);
}

/** The path itself if it is a file. */
function composeFileIn(path: string, { reader }: LoadRun): string | undefined {
  if (reader.exists(path)) return path;
  return composeFileNames.map((name) => join(path, name)).find((file) => reader.exists(file));
}

function reportEmpty(name: string, { diagnostics }: LoadRun, at: Place | undefined): undefined {
  const hints = [`name the directory or the file: ${name.split('#')[0]}#main:path`];
  diagnostics.error({ code: 'remote-failed', message: `${name} has no Compose file`, at, hints });
}
