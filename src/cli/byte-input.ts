// Archives that come by standard input.

import { TcError } from '../base/error.ts';
import { isTerminal } from '../ui/sink.ts';

/** `what`: how the command is told of a file instead. */
export function requireByteInput(what: string): AsyncIterable<Uint8Array> {
  if (!isTerminal(0)) return process.stdin;
  throw new TcError('standard input is a terminal, and no archive', {
    code: 'usage',
    exitCode: 2,
    hints: [what],
  });
}
