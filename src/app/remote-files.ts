// Remote files that a load needs: asked about before anything is asked of their hosts, and again when what a name stands
// for has changed. What was accepted before is used without a question, also when its host cannot be reached.

import { TcError } from '../base/error.ts';
import type { Engine, RemoteCopy, RemotePort } from '../engine/ports.ts';
import { type NeededFile, RemoteNeeded } from '../project/remote-needed.ts';
import type { AppEvent } from './context.ts';

export interface RemoteRequest {
  readonly engine: () => Promise<Pick<Engine, 'remote'>>;
  /** `nobody`: there is no terminal to ask at. */
  readonly ask: (question: string) => Promise<'yes' | 'no' | 'nobody'>;
  readonly keep: (name: string, path: string) => void;
  readonly on: (event: AppEvent) => void;
  readonly signal?: AbortSignal;
}

/** False: the error is not about remote files. */
export async function fetchNeeded(error: unknown, request: RemoteRequest): Promise<boolean> {
  if (!(error instanceof RemoteNeeded)) return false;
  const { remote } = await request.engine();
  const known = await Promise.all(error.files.map((file) => findAccepted(file, remote)));
  await accept(
    error.files.filter((_, at) => known[at] === undefined),
    request,
  );
  for (const [at, file] of error.files.entries()) {
    const copy = await fetchOne(file, known[at], remote, request).catch((cause) => fail(cause, file));
    request.keep(file.name, copy.path);
  }
  return true;
}

async function accept(files: readonly NeededFile[], { ask }: RemoteRequest): Promise<void> {
  const [first] = files;
  if (first === undefined) return;
  const names = files.map(({ name }) => name);
  const list = names.map((name) => `  ${name}\n`).join('');
  const question = `The project uses files from elsewhere:\n${list}They can make containers do anything that root can. Fetch and use them?`;
  const answer = await ask(question);
  if (answer === 'yes') return;
  throw new TcError(
    answer === 'no'
      ? `${names.join(', ')}: not accepted`
      : `${names.join(', ')}: files from elsewhere are used only if somebody accepts them, and there is no terminal to ask at`,
    {
      code: 'remote-declined',
      // As Docker Compose ends when a question is answered with no.
      exitCode: answer === 'no' ? 130 : 1,
      hints: ['add `--yes` to accept them, this time and from then on'],
      ...(first.source ? { source: first.source } : {}),
    },
  );
}

function findAccepted(file: NeededFile, remote: RemotePort): Promise<RemoteCopy | undefined> {
  return remote.accepted(file.name).catch((cause) => fail(cause, file));
}

async function fetchOne(
  { name }: NeededFile,
  known: RemoteCopy | undefined,
  remote: RemotePort,
  request: RemoteRequest,
): Promise<RemoteCopy> {
  const version = await remote.resolve(name, request.signal).catch((error) => {
    if (known === undefined || !(error instanceof TcError) || error.kind !== 'environment') throw error;
    warn(request, `${error.message}; the copy from before is used`);
    return known.version;
  });
  if (known?.version === version) return known;
  const question = `${name} has changed since it was accepted (${shorten(known?.version)} -> ${shorten(version)}). Use what it is now?`;
  if (known !== undefined && (await request.ask(question)) !== 'yes') {
    warn(
      request,
      `${name} has changed; the copy that was accepted is used`,
      'add `--yes` to take the new one',
    );
    return known;
  }
  return remote.fetch(name, version, request.signal);
}

function shorten(version = ''): string {
  return version.replace('sha256:', '').slice(0, 12);
}

function warn({ on }: RemoteRequest, message: string, hint?: string): void {
  on({ type: 'warning', warning: { code: 'remote-stale', message, ...(hint ? { hint } : {}) } });
}

/** The same error, at the place that named the file. */
function fail(cause: unknown, { source }: NeededFile): never {
  if (!(cause instanceof TcError) || source === undefined) throw cause;
  const { code, exitCode, hints, kind, message } = cause;
  throw new TcError(message, { code, exitCode, hints, kind, source, cause });
}
