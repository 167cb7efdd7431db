// Starts a container that exists: hands its lock and its sockets to a new monitor.

import { existsSync, mkdirSync } from 'node:fs';
import { TcError } from '../../base/error.ts';
import { type Descriptor, tcrunPath } from '../../runtime/native.ts';
import { StartError } from '../../runtime/start-answer.ts';
import type { EngineContext } from '../context.ts';
import type { InstancePaths } from '../instance/paths.ts';
import type { AttachRequest, AttachSession } from '../ports.ts';
import type { ContainerRecord } from '../record/container-record.ts';
import { removeFile } from '../record/json-file.ts';
import { lastPath, writeFirstStatus } from '../status/status.ts';

export interface StartOrder {
  readonly record: ContainerRecord;
  /** The container's lock; stays the caller's to close. */
  readonly lock: Descriptor;
  /** In the order of the record's ports; stay the caller's. */
  readonly sockets: readonly Descriptor[];
  readonly networkNamespace?: Descriptor;
  /** The monitor's first client; stays the caller's. */
  readonly client?: Descriptor;
  /** The contents of its secrets, in memory; stays the caller's. */
  readonly secrets?: Descriptor;
}

/** What its monitor could do without. */
export type StartWarnings = readonly string[];

export async function startContainer(context: EngineContext, order: StartOrder): Promise<StartWarnings> {
  const { record } = order;
  const { paths } = context.instance;
  makeRunDirectories(paths, record);
  writeFirstStatus(paths, record.id);
  // How the last life ended says nothing once a new one begins; the monitor writes it again at the end of this one.
  const last = lastPath(paths, record.id);
  if (existsSync(last)) removeFile(last);
  try {
    const { warnings } = await context.native.spawnMonitor({
      executable: tcrunPath(),
      bundle: paths.container(record.id),
      lock: order.lock,
      sockets: order.sockets,
      ...(order.networkNamespace === undefined ? {} : { networkNamespace: order.networkNamespace }),
      ...(order.client === undefined ? {} : { client: order.client }),
      ...(order.secrets === undefined ? {} : { secrets: order.secrets }),
    });
    return warnings;
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    if (error.step === 'runtime') throw describeRuntimeFailure(record, error);
    throw new TcError(`container ${record.name} did not start: ${error.message}`, {
      code: 'start',
      kind: error.exitCode === 125 ? 'environment' : 'user',
      exitCode: error.exitCode === 125 ? 1 : error.exitCode,
      hints: explain(error),
      cause: error,
    });
  }
}

/** What another runtime said of it. Its program comes first in the message, which is not a matter of files. */
function describeRuntimeFailure(record: ContainerRecord, error: StartError): TcError {
  const { name = error.path } = record.runtime ?? {};
  const prefix = `runtime ${error.path}: `;
  const said = error.message.startsWith(prefix) ? error.message.slice(prefix.length) : error.message;
  const isCommand = error.exitCode !== 125;
  return new TcError(`container ${record.name} did not start: ${name}: ${said}`, {
    code: isCommand ? 'start' : 'runtime-failed',
    kind: isCommand ? 'user' : 'environment',
    exitCode: isCommand ? error.exitCode : 1,
    hints: isCommand
      ? []
      : [`this is what ${error.path} says; without \`runtime\` tcompose runs the container by itself`],
    cause: error,
  });
}

function explain({ errno }: StartError): string[] {
  if (errno !== 'ENOEXEC') return [];
  return [
    'the program is made for another kind of machine than this one, or it is a script without a first line such as #!/bin/sh',
    '`tcompose images` shows the platform of the image; `platform:` asks for another one',
  ];
}

/** Nothing that it prints is missed: its monitor has this client before it has a container. */
export async function startAttached(
  context: EngineContext,
  order: StartOrder,
  request: AttachRequest,
): Promise<{ readonly session: AttachSession; readonly warnings: StartWarnings }> {
  const { attachBeforeStart } = await import('../exec/attach.ts');
  const { attaching, client } = attachBeforeStart(context.native, request);
  let warnings: StartWarnings;
  try {
    warnings = await startContainer(context, { ...order, client });
  } catch (error) {
    attaching.cancel();
    throw error;
  } finally {
    context.native.close(client);
  }
  return { session: await attaching.begin(order.record.name), warnings };
}

/** A reboot takes them; the monitor finds them made. */
function makeRunDirectories(paths: InstancePaths, record: ContainerRecord): void {
  mkdirSync(paths.containerRun(record.id), { recursive: true, mode: 0o700 });
  if (record.ports.length > 0) mkdirSync(paths.portGroups, { recursive: true, mode: 0o700 });
}
