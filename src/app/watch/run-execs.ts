// The commands of `sync+exec`, in every running container of a service. What they print is shown as the container's output.

import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { abortable } from '../../base/async.ts';
import { TcError } from '../../base/error.ts';
import type { Engine, ExecSession, LogRecord } from '../../engine/ports.ts';
import type { ObservedContainer } from '../../plan/observed-state.ts';
import type { HookConfig } from '../../project/service-config.ts';
import { sourceOf } from '../containers.ts';
import type { AppContext } from '../context.ts';
import { formatInstant } from '../instant.ts';

/** Rejects if it cannot be run, if it fails, or if the user interrupts. */
export async function runExec(
  context: AppContext,
  engine: Engine,
  container: ObservedContainer,
  exec: HookConfig,
): Promise<void> {
  const set = Object.entries(exec.environment ?? {}).filter(([, value]) => value !== null);
  const streams = [show(context, container, 'stdout'), show(context, container, 'stderr')] as const;
  const session = await engine.exec(container, {
    command: exec.command,
    environment: Object.fromEntries(set) as Record<string, string>,
    privileged: exec.privileged === true,
    tty: false,
    detach: false,
    stdout: streams[0],
    stderr: streams[1],
    ...(exec.user !== undefined && { user: exec.user }),
    ...(exec.working_dir !== undefined && { workingDir: exec.working_dir }),
  });
  const exitCode = await waitFor(context, session);
  await Promise.all(streams.map(finish));
  if (exitCode === 0) return;
  throw new TcError(`${container.name}: ${exec.command.join(' ')} exited with code ${exitCode}`, {
    code: 'watch-exec',
    hints: ['its output stands above; it is run again after the next change'],
  });
}

async function waitFor({ interrupted }: AppContext, session: ExecSession): Promise<number> {
  try {
    return await abortable(session.exitCode, interrupted);
  } catch (error) {
    if (interrupted.aborted) {
      session.signal('SIGTERM');
      session.leave();
    }
    throw error;
  }
}

/** All that was printed has been shown. */
async function finish(stream: PassThrough): Promise<void> {
  if (!stream.writableEnded) stream.end();
  if (!stream.readableEnded) await once(stream, 'end');
}

function show(context: AppContext, container: ObservedContainer, stream: LogRecord['stream']): PassThrough {
  const output = new PassThrough({ encoding: 'utf8' });
  // Lines of the command and of the container itself must not mix, though their heads are the same.
  const source = { ...sourceOf(container), containerId: `${container.id} exec` };
  const tell = (text: string) => {
    const record = { containerId: source.containerId, stream, time: formatInstant(Date.now()), text };
    context.on({ type: 'output', source, record });
  };
  let isOpen = false;
  output.on('data', (text: string) => {
    isOpen = !text.endsWith('\n');
    tell(text);
  });
  output.on('end', () => isOpen && tell('\n'));
  return output;
}
