// What a role of `cp` failed with, in words. Pure.

import { TcError } from '../../base/error.ts';
import type { RoleFailure } from '../../image/layer/role.ts';

interface Explanation {
  readonly why: string;
  readonly hint?: string;
}

const explanations: Readonly<Record<string, Explanation>> = {
  EROFS: {
    why: 'is on a read-only file system',
    hint: 'copy to a volume or a tmpfs of the container, or take away read_only',
  },
  EISDIR: { why: 'a directory is where a file is to be', hint: 'remove it first, or copy into it' },
  ENOTDIR: { why: 'something that is no directory is in the way', hint: 'remove it first' },
  ENOENT: { why: 'does not exist' },
  EPERM: { why: 'may not be made', hint: 'devices are not copied out of a container' },
  EBUSY: { why: 'is a mount point', hint: 'files that are mounted cannot be replaced; change their source' },
  ELOOP: { why: 'is a chain of links that does not end' },
  ENOSPC: { why: 'does not fit on the disk' },
  EDQUOT: { why: 'does not fit into the quota' },
};

export function describeCopyFailure({ errno, path, step, syscall }: RoleFailure, what: string): TcError {
  const at = path === '' ? '' : `${Buffer.from(path, 'latin1').toString('utf8')} `;
  if (errno === 'EBADMSG') {
    return new TcError(`${what}: ${at}${syscall}`, {
      code: 'copy-refused',
      hints: ['the input is no tar archive, or was made to do harm'],
    });
  }
  const { hint, why } = explanations[errno] ?? { why: `${step}: ${syscall}: ${errno}` };
  return new TcError(`${what}: ${at}${why}`, { code: 'copy-failed', ...(hint && { hints: [hint] }) });
}
