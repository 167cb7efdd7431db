// flock(2) on files and directories. The kernel drops a lock when its last holder dies, so nothing ever has to guess
// whether a lock is stale. Order, always: host > project > network > port group > container.

import { closeSync, constants, fstatSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { unless } from '../../base/system-error.ts';
import type { Descriptor, Native } from '../../runtime/native.ts';

/**
 * Locks `path`, made by `open` if it is missing. Whoever holds a lock may remove what it locks; those who waited for
 * it find that they hold a lock on nothing and start again.
 */
async function lockPath(native: Native, path: string, open: () => Descriptor): Promise<Descriptor> {
  for (;;) {
    const fd = open();
    let kept = false;
    try {
      if (!native.tryLock(fd, 'exclusive')) await native.lock(fd, 'exclusive', true);
      kept = isSameFile(fd, path);
      if (kept) return fd;
    } finally {
      if (!kept) closeSync(fd);
    }
  }
}

/** Opens a lock file, made on demand. */
export function openLockFile(path: string): Descriptor {
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;
  const fd = unless(['ENOENT'], () => openSync(path, flags, 0o600));
  if (fd !== undefined) return fd;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  return openSync(path, flags, 0o600);
}

/** Runs `action` while holding the directory, made on demand. */
export async function withDirectoryLock<T>(
  native: Native,
  path: string,
  action: () => T | Promise<T>,
): Promise<Awaited<T>> {
  const fd = await lockPath(native, path, () => {
    const present = unless(['ENOENT'], () => native.openDirectory(path));
    if (present !== undefined) return present;
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return native.openDirectory(path);
  });
  try {
    return await action();
  } finally {
    closeSync(fd);
  }
}

/** Locks a directory that may be renamed away meanwhile. Undefined: it is gone, or (without `wait`) locked. */
export async function lockDirectory(
  native: Native,
  path: string,
  wait: boolean,
): Promise<Descriptor | undefined> {
  const fd = unless(['ENOENT'], () => native.openDirectory(path));
  if (fd === undefined) return undefined;
  let kept = false;
  try {
    const locked = native.tryLock(fd, 'exclusive') || (wait && (await native.lock(fd, 'exclusive', true)));
    kept = locked && isSameFile(fd, path);
    return kept ? fd : undefined;
  } finally {
    if (!kept) closeSync(fd);
  }
}

export function isSameFile(fd: Descriptor, path: string): boolean {
  const now = statSync(path, { throwIfNoEntry: false });
  const held = fstatSync(fd);
  return now !== undefined && now.ino === held.ino && now.dev === held.dev;
}
