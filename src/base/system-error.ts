// What the platform's errors say about themselves.

/** The errno name (`ENOENT`) of a Node error or of the addon's. */
export function errnoOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { code, errno } = error as { code?: unknown; errno?: unknown };
  if (typeof code === 'string') return code;
  return typeof errno === 'string' ? errno : undefined;
}

/** Runs `action`; undefined if it fails with one of the errnos. */
export function unless<T>(errnos: readonly string[], action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (errnos.includes(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
}

/** Codes of a disk that takes nothing more. */
export const FULL_DISK = ['ENOSPC', 'EDQUOT', 'EROFS'];
