// The file that a name in `-f`, `include` or `extends` means: on this machine, or a copy of one that is not.

import { join, resolve } from 'node:path';
import { TcError } from '../../base/error.ts';
import { composeFileNames } from '../compose-file-name.ts';
import { isRemote } from '../text/remote.ts';
import type { Place } from '../text/source-text.ts';
import type { LoadRun } from './scope.ts';

/** An absolute path; undefined after an error was reported. `-` stays. */
export function locateFile(name: string, directory: string, run: LoadRun, at?: Place): string | undefined {
  if (name === '-') return name;
  return isRemote(name) ? locateRemote(name, run, at) : resolve(directory, name);
}

function locateRemote(name: string, run: LoadRun, at: Place | undefined): string | undefined {
  const { diagnostics, reader } = run;
  if (!reader.fetch) {
    const hints = ['clone it and name the copy'];
    diagnostics.error({ code: 'remote-unsupported', message: `${name} cannot be fetched here`, at, hints });
    return undefined;
  }
  try {
    return composeFileIn(reader.fetch(name), run) ?? reportEmpty(name, run, at);
  } catch (error) {
    if (!(error instanceof TcError)) throw error;
    diagnostics.error({
      code: 'remote-failed',
      message: error.message,
      at,
      hints: error.hints,
      cause: error,
    });
    return undefined;
  }
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
