// Reads one file into the load's sources, or says why it cannot be read.

import { basename, dirname } from 'node:path';
import { TcError } from '../../base/error.ts';
import type { DiagnosticCode } from '../diagnostic/diagnostic-code.ts';
import type { Diagnostics } from '../diagnostic/diagnostics.ts';
import type { FileReader } from '../file-reader.ts';
import type { Place, SourceText } from './source-text.ts';

export interface Wanted {
  /** The code if the file is not there. */
  readonly code: DiagnosticCode;
  /** `env file`, `included file`: how the message names it. */
  readonly what: string;
  /** Where it was asked for. */
  readonly at?: Place;
}

export function readSource(
  file: string,
  reader: FileReader,
  diagnostics: Diagnostics,
  wanted: Wanted,
): SourceText | undefined {
  const known = diagnostics.sources.find(file);
  if (known) return known;
  try {
    return diagnostics.sources.add(file, reader.read(file));
  } catch (error) {
    const { code, message, hints } = explain(file, error as NodeJS.ErrnoException, wanted);
    diagnostics.error({ code, message, at: wanted.at, hints, cause: error });
    return undefined;
  }
}

/** The text of a file that the user named. Throws TcError. */
export function readNamedFile(file: string, reader: FileReader, what: string): string {
  try {
    return reader.read(file);
  } catch (cause) {
    const { code, hints, message } = explain(file, cause as NodeJS.ErrnoException, {
      code: 'file-missing',
      what,
    });
    throw new TcError(message, { code, hints, cause });
  }
}

function explain(file: string, error: NodeJS.ErrnoException, wanted: Wanted) {
  switch (error.code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return {
        code: wanted.code,
        message: `${wanted.what} ${file} does not exist`,
        hints: [`check the name \`${basename(file)}\` and the directory ${dirname(file)}`],
      };
    case 'EISDIR':
      return {
        code: wanted.code,
        message: `${wanted.what} ${file} is a directory`,
        hints: ['name a file in it'],
      };
    case 'EACCES':
      return {
        code: 'file-unreadable' as const,
        message: `${wanted.what} ${file} cannot be read: permission denied`,
        hints: [`check \`ls -l ${file}\``],
      };
    default:
      return {
        code: 'file-unreadable' as const,
        message: `${wanted.what} ${file} cannot be read: ${error.message}`,
        hints: [],
      };
  }
}
