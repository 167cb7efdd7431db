// The one packet with which a monitor answers its start. Contract: docs/runtime-protocol.md, "Start".

import { bug } from '../base/error.ts';
import type { MonitorStarted, StartFailure } from './native.ts';

const PROTOCOL_VERSION = 1;

/** Why a container did not start; `message` is the monitor's own sentence. */
export class StartError extends Error implements StartFailure {
  override readonly name = 'StartError';
  readonly step: string;
  readonly syscall: string;
  readonly errno: string;
  readonly path: string;
  readonly exitCode: number;

  constructor(message: string, failure: StartFailure) {
    super(message);
    this.step = failure.step;
    this.syscall = failure.syscall;
    this.errno = failure.errno;
    this.path = failure.path;
    this.exitCode = failure.exitCode;
  }
}

interface Answer {
  readonly v?: number;
  readonly started?: Omit<MonitorStarted, 'warnings'> & Partial<MonitorStarted>;
  readonly failed?: Partial<StartFailure> & { readonly message?: string };
}

/** Throws StartError for a failure, and for the empty packet of a monitor that was killed. */
export function parseStartAnswer(packet: string): MonitorStarted {
  if (packet === '') throw killed();
  const answer = parseAnswer(packet);
  if ((answer.v ?? 0) > PROTOCOL_VERSION) {
    throw bug(`tcrun speaks version ${answer.v} of the runtime protocol, this program ${PROTOCOL_VERSION}`);
  }
  if (answer.started) {
    const { monitorPid, pid, warnings = [] } = answer.started;
    return { monitorPid, pid, warnings };
  }
  if (!answer.failed) throw bug(`a monitor answered neither "started" nor "failed": ${packet}`);
  const { step = '', syscall = '', errno = '', path = '', exitCode = 125, message = '' } = answer.failed;
  throw new StartError(message, { step, syscall, errno, path, exitCode });
}

function parseAnswer(packet: string): Answer {
  try {
    return JSON.parse(packet) as Answer;
  } catch (error) {
    throw bug(`a monitor answered something that is not JSON: ${packet}`, error);
  }
}

function killed(): StartError {
  return new StartError('the monitor was killed before the container started', {
    step: 'monitor',
    syscall: '',
    errno: '',
    path: '',
    exitCode: 125,
  });
}
