// Thrown by a load whose files name others that are not on this machine yet.

import { type SourcePosition, TcError } from '../base/error.ts';

export interface NeededFile {
  /** As it was written. */
  readonly name: string;
  /** Where; absent: on the command line. */
  readonly source?: SourcePosition;
}

export class RemoteNeeded extends TcError {
  readonly files: readonly NeededFile[];

  constructor(files: readonly NeededFile[]) {
    const [first] = files;
    super(`${files.map(({ name }) => name).join(', ')} is not on this machine`, {
      code: 'remote-needed',
      hints: ['`tcompose config` fetches it, after asking'],
      ...(first?.source ? { source: first.source } : {}),
    });
    this.files = files;
  }
}
