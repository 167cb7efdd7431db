// Starting the archive roles of tcrun, and putting what they answer into words.

import { TcError } from '../../base/error.ts';
import type { Archiver, Native, SpawnArchiverRequest } from '../../runtime/native.ts';

export interface ArchiveTools {
  readonly native: Pick<Native, 'spawnArchiver' | 'openDirectory' | 'close' | 'removeTree'>;
  /** Absolute path of tcrun. */
  readonly executable: string;
}

export function startRole(
  tools: ArchiveTools,
  directory: string,
  request: Omit<SpawnArchiverRequest, 'executable' | 'directory'>,
): Archiver {
  const fd = tools.native.openDirectory(directory);
  try {
    return tools.native.spawnArchiver({ ...request, executable: tools.executable, directory: fd });
  } finally {
    tools.native.close(fd);
  }
}

export interface RoleFailure {
  readonly step: string;
  readonly syscall: string;
  readonly errno: string;
  readonly path: string;
}

interface Answer {
  readonly done?: Readonly<Record<string, unknown>>;
  readonly failed?: RoleFailure;
}

/** The members of `done`; names in it hold one byte in each character. `what` is worked on, for messages. */
export function parseAnswer(
  ended: Awaited<Archiver['ended']>,
  what: string,
  describe: (failure: RoleFailure, what: string) => Error = describeFailure,
): Readonly<Record<string, unknown>> {
  const text = Buffer.from(ended.text).toString('latin1');
  if (ended.signal !== 0 || text === '') {
    throw new TcError(`${what}: tcrun was ended by signal ${ended.signal}`, {
      code: 'archive-failed',
      kind: 'environment',
      hints: ["something killed it; look for the kernel's out-of-memory killer in dmesg"],
    });
  }
  const answer = JSON.parse(text) as Answer;
  if (answer.failed) throw describe(answer.failed, what);
  return answer.done ?? {};
}

function describeFailure(failure: RoleFailure, what: string): TcError {
  const { step, syscall, errno } = failure;
  const path = Buffer.from(failure.path, 'latin1').toString('utf8');
  const at = path === '' ? '' : ` at ${JSON.stringify(path)}`;
  const make = (code: string, message: string, hint: string) =>
    new TcError(message, { code, kind: 'environment', hints: [hint] });
  if (step === 'archive' && errno === 'EBADMSG')
    return make(
      'malformed-layer',
      `${what} is refused: ${syscall}${at}`,
      'the archive is broken or was made to do harm; nothing of it was kept',
    );
  if (errno === 'ENOSPC' || errno === 'EDQUOT')
    return make(
      'disk-full',
      `${what} does not fit on the disk${at}`,
      'make room, for example with `tcompose image prune`, and run the command again',
    );
  if (step === 'pack' && errno === 'EOPNOTSUPP')
    return make(
      'unsupported-overlay',
      `${what}: ${syscall}${at}: its content lies in a lower layer`,
      'the kernel was told to use redirect_dir or metacopy; containers made without them can be committed',
    );
  return make(
    'archive-failed',
    `${what}: ${step}: ${syscall}${at}: ${errno}`,
    'layers need root, and a file system with extended attributes and device files',
  );
}
