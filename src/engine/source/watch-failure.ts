// Why something cannot be watched, and what to do about it. Pure.

import { TcError } from '../../base/error.ts';
import { errnoOf } from '../../base/system-error.ts';

/** `watched`: how many directories are by now. */
export function describeWatchFailure(error: unknown, path: string, watched: number): TcError {
  const errno = errnoOf(error) ?? 'unknown';
  const make = (message: string, hints: readonly string[]) =>
    new TcError(message, { code: 'watch-limit', kind: 'environment', hints, cause: error });
  if (errno === 'ENOSPC') {
    return make(
      `${path} cannot be watched: the host's limit of watched directories is used up, ${watched} of them by this command`,
      [
        'raise it: sudo sysctl fs.inotify.max_user_watches=1048576',
        'or name directories that are not sources, such as node_modules/, in `ignore` or .dockerignore: they are not watched then',
      ],
    );
  }
  if (errno === 'EMFILE') {
    return make(
      `${path} cannot be watched: the user has no inotify instance left, or this process no descriptor`,
      [
        'raise the limit: sudo sysctl fs.inotify.max_user_instances=1024',
        'or end programs that watch files, such as editors and other watch commands',
      ],
    );
  }
  return new TcError(`${path} cannot be watched: ${errno}`, {
    code: 'watch-failed',
    kind: 'environment',
    hints: ['the file system must support inotify; changes below it are not seen'],
    cause: error,
  });
}
