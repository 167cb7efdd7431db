// Paths inside containers: always absolute or relative POSIX text, never touched by the host's file system.

import { posix } from 'node:path';

/** Go's `path.Clean`: no `.`, no `..` that can be resolved, no doubled or trailing slash. */
export function cleanPath(path: string): string {
  const normal = posix.normalize(path);
  return normal.length > 1 && normal.endsWith('/') ? normal.slice(0, -1) : normal;
}
