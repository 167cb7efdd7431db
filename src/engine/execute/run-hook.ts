// Runs a hook in its container: a process like any other of `exec`, whose output is shown when it fails.

import { PassThrough } from 'node:stream';
import { abortable } from '../../base/async.ts';
import { TcError } from '../../base/error.ts';
import type { OperationOf } from '../../plan/operation.ts';
import type { HookConfig } from '../../project/service-config.ts';
import { readHook } from '../container/hooks.ts';
import type { EngineContext } from '../context.ts';
import { execInContainer } from '../exec/exec.ts';
import type { ContainerRecord } from '../record/container-record.ts';

const SHOWN_LINES = 5;
const KEPT_OUTPUT = 16 * 1024;

export async function runHook(
  context: EngineContext,
  record: ContainerRecord,
  operation: OperationOf<'run-hook'>,
  signal: AbortSignal,
): Promise<void> {
  const hook = readHook(context.instance.paths.container(record.id), operation.phase, operation.index);
  if (hook === undefined) return;
  const output = new PassThrough();
  let text = '';
  output.on('data', (chunk: Buffer) => {
    text = `${text}${chunk.toString()}`.slice(-KEPT_OUTPUT);
  });
  const exitCode = await abortable(start(context, record, hook, output), signal);
  if (exitCode === 0) return;
  throw failed(record, operation, `exited ${exitCode}`, text.trim().split('\n').slice(-SHOWN_LINES));
}

async function start(
  context: EngineContext,
  record: ContainerRecord,
  hook: HookConfig,
  output: PassThrough,
): Promise<number> {
  const environment = Object.entries(hook.environment ?? {}).filter(([, value]) => value !== null);
  const session = await execInContainer(context, record, {
    command: hook.command,
    environment: Object.fromEntries(environment) as Record<string, string>,
    privileged: hook.privileged === true,
    tty: false,
    detach: false,
    stdout: output,
    stderr: output,
    ...(hook.user === undefined ? {} : { user: hook.user }),
    ...(hook.working_dir === undefined ? {} : { workingDir: hook.working_dir }),
  });
  return session.exitCode;
}

function failed(
  { name }: ContainerRecord,
  { phase, index, command }: OperationOf<'run-hook'>,
  why: string,
  output: readonly string[],
): TcError {
  const shown = output.filter((line) => line !== '').map((line) => `it printed: ${line}`);
  const meaning =
    phase === 'pre_stop' ? 'the container goes on; `kill` ends it without hooks' : 'the container runs on';
  return new TcError(`${phase} hook ${index + 1} of ${name} (${command.join(' ')}) ${why}`, {
    code: 'hook-failed',
    hints: [...shown, meaning],
  });
}
