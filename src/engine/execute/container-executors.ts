// One effect each: containers.

import { constants } from 'node:os';
import { abortable } from '../../base/async.ts';
import { TcError } from '../../base/error.ts';
import type { ContainerRef } from '../../plan/operation.ts';
import { linkedServices } from '../../plan/service-graph.ts';
import type { Nanoseconds } from '../../project/model.ts';
import type { Descriptor } from '../../runtime/native.ts';
import { createContainer } from '../container/create.ts';
import { discardContainer } from '../container/discard.ts';
import { locateExternal, packContents, readContent } from '../container/file-objects.ts';
import { updateLinkedHosts, writeLinkedHosts } from '../container/linked-hosts.ts';
import { type StartOrder, type StartWarnings, startAttached, startContainer } from '../container/start.ts';
import { lockStopped, stopContainer, stopWithHost } from '../container/stop.ts';
import { receiveFromMonitor } from '../control/hand-over.ts';
import { monitorClient } from '../control/monitor.ts';
import type { AttachRequest } from '../ports.ts';
import type { ContainerRecord } from '../record/container-record.ts';
import { readContainerStatus } from '../status/status.ts';
import { withMountedVolumes } from '../volume/mounted-volumes.ts';
import { awaitCondition } from './await-condition.ts';
import { drainContainer } from './drain.ts';
import type { Execution, Executors } from './execution.ts';
import { findContainer, findPredecessor, findVolumeSources } from './find-container.ts';
import { observeUpdate } from './observe-update.ts';
import { executeProvider, withProvided } from './provider-executor.ts';
import { runHook } from './run-hook.ts';
import { findJoined, findNamespaces } from './shared-namespaces.ts';

type ContainerKind =
  | 'create-container'
  | 'start-container'
  | 'stop-container'
  | 'drain-container'
  | 'restart-container'
  | 'kill-container'
  | 'pause-container'
  | 'unpause-container'
  | 'run-hook'
  | 'run-provider'
  | 'remove-container'
  | 'observe-update'
  | 'await-condition';

export const containerExecutors: Pick<Executors, ContainerKind> = {
  async 'create-container'(operation, { node, execution }) {
    const prepared = execution.prepared.get(node);
    if (prepared === undefined)
      throw new TcError(`step ${node} was not prepared`, { code: 'internal', kind: 'bug' });
    const { service } = operation;
    const created = await createContainer(execution.context, {
      ...prepared,
      operation: {
        ...operation,
        ...locateExternal(execution.context.instance.paths, operation),
        service: withProvided(execution, service),
      },
      project: execution.project,
      host: execution.host(),
      networks: mapValues(operation.networks, (name) => execution.findNetwork(name)),
      volumes: mapValues(operation.volumes, (name) => execution.findVolume(name)),
      replaced: findPredecessor(execution, operation),
      joined: findJoined(execution, 'network_mode', service.network_mode),
      joins: findNamespaces(execution, service),
      volumeSources: findVolumeSources(execution, service),
      ...(service.tcompose?.link_variables && {
        linkable: execution.containers,
        linked: linkedServices(service).flatMap((name) => findContainer(execution, 'service', name) ?? []),
      }),
    });
    execution.keepLock(created.record.id, created.lock);
    execution.created.set(node, created.record.id);
    execution.containers.set(created.record.id, created.record);
    for (const warning of created.warnings) execution.warn(warning);
    execution.events.container('create', created.record);
  },

  async 'start-container'({ attached, container }, { execution }) {
    const record = execution.resolve(container);
    if (execution.unready.has(record.id)) throw execution.unready.get(record.id);
    const lock = execution.takeLock(record.id) ?? (await lockStopped(execution.context, record.id));
    // Somebody else's start, while only waits were left here, is as good.
    if (lock === 'running') return;
    if (lock === undefined) throw gone(container);
    execution.started.add(record.id);
    await startLocked(execution, record, lock, attached ? execution.attach : undefined);
  },

  async 'stop-container'({ container, timeout, by, drain, successor }, { execution, signal }) {
    if (successor && execution.isFailing(successor)) return;
    const record = execution.resolve(container);
    const [graceMs, drainMs] = [toMilliseconds(timeout), toMilliseconds(drain)];
    const stopping =
      by === 'host'
        ? stopWithHost(execution.context, record.id)
        : stopContainer(execution.context, record.id, { graceMs, drainMs });
    // Once asked, the monitor needs nobody: whoever gives up waiting may kill, or let another command do so.
    const stopped = await abortable(stopping, signal);
    if (stopped) execution.events.container('stop', record);
  },

  'drain-container': drainContainer,

  async 'restart-container'({ container, timeout }, { execution, signal }) {
    const record = execution.resolve(container);
    const runDir = execution.runDir(record);
    // As with a stop. Somebody may be at work on the files, between two lives.
    const restarted = await abortable(monitorClient.restart(runDir, toMilliseconds(timeout)), signal);
    const lock = restarted ? 'running' : await lockStopped(execution.context, record.id);
    if (lock === undefined) throw gone(container);
    if (lock !== 'running') {
      await execution.reservePorts(record);
      await startLocked(execution, record, lock);
    }
    execution.events.container('restart', record);
  },

  async 'kill-container'({ container, signal }, { execution }) {
    const record = execution.resolve(container);
    const sent = await monitorClient.signal(execution.runDir(record), parseSignal(signal));
    if (!sent) throw notRunning(record);
    execution.events.container('kill', record, { signal });
  },

  async 'pause-container'({ container }, { execution }) {
    await freeze(execution, container, 'pause');
  },

  async 'unpause-container'({ container }, { execution }) {
    await freeze(execution, container, 'unpause');
  },

  async 'run-hook'(operation, { execution, signal }) {
    if (operation.successor && execution.isFailing(operation.successor)) return;
    const record = execution.resolve(operation.container);
    const { paths } = execution.context.instance;
    // What has ended by itself has nothing to prepare for, and a command of `run` may be a short one.
    const mayEnd = operation.phase === 'pre_stop' || record.oneOff;
    const hasEnded = () => !readContainerStatus(paths, record.id).alive;
    if (mayEnd && hasEnded()) return;
    try {
      await runHook(execution.context, record, operation, signal);
    } catch (error) {
      const found = error instanceof TcError && ['not-running', 'exec-lost'].includes(error.code);
      if (!mayEnd || !(found || hasEnded())) throw error;
    }
  },

  'run-provider': executeProvider,

  async 'remove-container'({ container, anonymousVolumes, successor }, { execution }) {
    if (successor && execution.isFailing(successor)) return;
    const record = execution.resolve(container);
    const lock = execution.takeLock(record.id) ?? (await lockStopped(execution.context, record.id));
    if (lock === 'running') throw stillRunning(record);
    if (lock !== undefined) {
      try {
        await discardContainer(execution.context, record.id, { anonymousVolumes });
      } finally {
        execution.context.native.close(lock);
      }
    }
    execution.containers.delete(record.id);
    execution.removed.set(record.id, record);
    execution.events.container('destroy', record);
  },

  'observe-update': observeUpdate,

  async 'await-condition'(operation, { execution, signal }) {
    const containers = operation.containers.map((ref) => execution.resolve(ref));
    try {
      await awaitCondition(execution.context, operation, containers, signal);
    } catch (error) {
      if (operation.required || signal.aborted || !(error instanceof TcError)) throw error;
      execution.warn({ code: 'optional-dependency', message: error.message, hint: error.hints[0] });
    }
  },
};

async function freeze(
  execution: Execution,
  container: ContainerRef,
  action: 'pause' | 'unpause',
): Promise<void> {
  const record = execution.resolve(container);
  const runDir = execution.runDir(record);
  if (!(await monitorClient[action](runDir))) throw notRunning(record);
  execution.events.container(action, record);
}

async function startLocked(
  execution: Execution,
  known: ContainerRecord,
  lock: Descriptor,
  attach?: AttachRequest,
): Promise<void> {
  const { context } = execution;
  try {
    const record = await execution.settlePorts(known);
    execution.ensureNetworks(record);
    const sockets = execution.sockets.take(record.ports);
    const [networkNamespace] = await findSharedNamespace(execution, record);
    const [secrets] = openSecrets(execution, record);
    const { paths } = context.instance;
    writeLinkedHosts(paths, record, execution.containers);
    try {
      const order = { record, lock, sockets, networkNamespace, secrets };
      const warnings = await withMountedVolumes(context, record.volumes, () =>
        start(execution, order, attach),
      );
      for (const message of warnings)
        execution.warn({ code: 'runtime', message: `${record.name}: ${message}` });
    } catch (error) {
      if (record.onEnd === 'remove') await discardContainer(context, record.id, { anonymousVolumes: true });
      throw error;
    } finally {
      for (const fd of [networkNamespace, secrets]) if (fd !== undefined) context.native.close(fd);
    }
    updateLinkedHosts(paths, record, execution.containers);
  } finally {
    context.native.close(lock);
  }
}

async function start(
  execution: Execution,
  order: StartOrder,
  attach: AttachRequest | undefined,
): Promise<StartWarnings> {
  if (attach === undefined) return startContainer(execution.context, order);
  const { session, warnings } = await startAttached(execution.context, order, attach);
  execution.session = session;
  return warnings;
}

/** The contents of the container's secrets, in memory; nothing for a container without. */
function openSecrets(execution: Execution, { secrets = [] }: ContainerRecord): Descriptor[] {
  if (secrets.length === 0) return [];
  const contents = secrets.map(({ key, name, file, environment }) => {
    const known = execution.secrets[key];
    const content = known?.environment === environment ? known?.content : undefined;
    return readContent(
      {
        name,
        ...(file === undefined ? {} : { file }),
        ...(environment === undefined ? {} : { environment }),
        ...(file !== undefined || content === undefined ? {} : { content }),
      },
      'secrets',
    );
  });
  return [execution.context.native.createMemory(packContents(contents))];
}

/** The network namespace of its last life, if a container that shares it still runs in it. */
async function findSharedNamespace(execution: Execution, record: ContainerRecord): Promise<Descriptor[]> {
  const { paths } = execution.context.instance;
  for (const other of execution.containers.values()) {
    if (other.networkOf !== record.id || !readContainerStatus(paths, other.id).alive) continue;
    const received = await receiveFromMonitor(execution.context, other.id, 'netns');
    if (received.length > 0) return received;
  }
  return [];
}

function parseSignal(text: string): number {
  const name = text.toUpperCase().replace(/^(?!SIG)/, 'SIG');
  const known = (constants.signals as Readonly<Record<string, number>>)[name];
  const number = known ?? (/^\d+$/.test(text) ? Number(text) : 0);
  if (number >= 1 && number <= 64) return number;
  throw new TcError(`"${text}" is not a signal`, {
    code: 'signal',
    exitCode: 2,
    hints: ['write a name such as SIGTERM or HUP, or a number from 1 to 64'],
  });
}

function toMilliseconds(timeout: Nanoseconds | undefined): number | undefined {
  return timeout === undefined ? undefined : Math.round(timeout / 1e6);
}

function mapValues<T>(names: Readonly<Record<string, string>>, find: (name: string) => T): Map<string, T> {
  return new Map(Object.entries(names).map(([key, name]) => [key, find(name)]));
}

const notRunning = ({ name }: ContainerRecord) =>
  new TcError(`container ${name} is not running`, { code: 'not-running' });

function stillRunning({ name }: ContainerRecord): TcError {
  return new TcError(`container ${name} is running: it was started in the meantime`, {
    code: 'changed-meanwhile',
    hints: ['run the command again: it starts from what is there now'],
  });
}

function gone(container: ContainerRef): TcError {
  return new TcError(`container ${container.name} is gone`, { code: 'container-gone' });
}
