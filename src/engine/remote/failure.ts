import { TcError } from '../../base/error.ts';

export function remoteFailure(message: string, hints: readonly string[], cause?: unknown): TcError {
  return new TcError(message, { code: 'remote-failed', kind: 'environment', hints, cause });
}
