import type { SourcePosition } from './error.ts';

/** Something the user should know that does not stop the command. Shown once per (code, message, source). */
export interface Warning {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly source?: SourcePosition;
}
