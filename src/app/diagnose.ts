// config -q --format json: what is wrong with the files, as data for editors.

import { type SourcePosition, TcError } from '../base/error.ts';
import { endOfToken } from '../base/excerpt.ts';
import type { Warning } from '../base/warning.ts';
import type { FileReader } from '../project/file-reader.ts';
import type { AppContext } from './context.ts';
import { type LoadChanges, loadModel } from './project.ts';

export interface Diagnostic {
  readonly severity: 'error' | 'warning';
  readonly code: string;
  readonly message: string;
  /** Absolute, or `-` for standard input. Absent with the place: it is about no line. */
  readonly file?: string;
  /** 1-based, in UTF-16 units. */
  readonly line?: number;
  readonly col?: number;
  /** Just behind the last character that is meant. */
  readonly endLine?: number;
  readonly endCol?: number;
  readonly hints: readonly string[];
}

/** Errors, or else warnings: who has errors is not told what follows from the rest. */
export function diagnose({ reader, selection }: AppContext, changes: LoadChanges): readonly Diagnostic[] {
  const warnings: Warning[] = [];
  const on = (event: { readonly type: string; readonly warning?: Warning }) => {
    if (event.warning) warnings.push(event.warning);
  };
  const errors: TcError[] = [];
  try {
    loadModel({ reader, selection, on }, changes);
  } catch (error) {
    if (!(error instanceof TcError) || error.kind !== 'user' || error.code === 'remote-needed') throw error;
    errors.push(error, ...error.others);
  }
  return [
    ...errors.map((error) => describe('error', error, reader)),
    ...warnings.map(({ hint, ...rest }) =>
      describe('warning', { ...rest, hints: hint === undefined ? [] : [hint] }, reader),
    ),
  ];
}

type Described = Pick<TcError, 'code' | 'hints' | 'message'> & {
  readonly source?: SourcePosition | undefined;
};

function describe(severity: Diagnostic['severity'], found: Described, reader: FileReader): Diagnostic {
  const { code, hints, message, source } = found;
  return { severity, code, message, ...(source && placeOf(source, reader)), hints };
}

function placeOf(source: SourcePosition, reader: FileReader) {
  const endCol = endOfToken(reader.read(source.file), source);
  return { ...source, endLine: source.line, endCol };
}
