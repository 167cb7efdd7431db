// Ctrl-C and SIGTERM as two signals to abort: the first asks, the second insists. SIGHUP is left alone: the CLI goes, what
// it started stays.

import { TcError } from '../base/error.ts';
import { interruptedExitCode, terminatedExitCode } from './exit-code.ts';

export interface Interrupts {
  readonly interrupted: AbortSignal;
  readonly forced: AbortSignal;
  /** From here on signals are somebody else's to hear. Returns those that have come. */
  release(): readonly NodeJS.Signals[];
}

export function listenForInterrupts(): Interrupts {
  const asked = new AbortController();
  const insisted = new AbortController();
  const heard: NodeJS.Signals[] = [];
  const onSignal = (name: NodeJS.Signals) => {
    const count = heard.push(name);
    if (count === 1) asked.abort(interruption(name));
    else if (count === 2) insisted.abort(interruption(name));
    // Somebody who asks a third time wants the prompt back, whatever is left running.
    else process.exit(interruptedExitCode);
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  const release = () => {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
    return [...heard];
  };
  return { interrupted: asked.signal, forced: insisted.signal, release };
}

function interruption(name: string): TcError {
  return new TcError(`interrupted by ${name}`, {
    code: 'interrupted',
    exitCode: name === 'SIGTERM' ? terminatedExitCode : interruptedExitCode,
  });
}
