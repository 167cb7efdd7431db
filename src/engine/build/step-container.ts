// Runs the command of a build step in a container of its own, with the same runtime and the same defaults as a service.
// Its directory is marked as being built: it is nobody's container, no list shows it, and if this process dies, the
// monitor ends the command and the next sweep removes the rest.

import { closeSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TcError } from '../../base/error.ts';
import { createId } from '../../base/id.ts';
import type { StepContainers, StepOrder, StepResult } from '../../build/solve/step-container.ts';
import { computeContainer } from '../../runtime/container.ts';
import type { AccountFiles, HostFacts } from '../../runtime/container-input.ts';
import { type Descriptor, type Native, tcrunPath } from '../../runtime/native.ts';
import { StartError } from '../../runtime/start-answer.ts';
import { discardRemnant } from '../container/discard.ts';
import { makeWritableLayer } from '../container/fill.ts';
import { remnantPath } from '../container/remnant.ts';
import { emptyCgroup } from '../container/stop.ts';
import type { EngineContext } from '../context.ts';
import { isSameFile, lockDirectory, openLockFile } from '../lock/file-lock.ts';
import type { MonitorStatus } from '../status/status.ts';
import type { BuildNetwork } from './build-network.ts';
import { followOutput } from './step-output.ts';
import { asStep, describeService, placeMounts } from './step-service.ts';

export interface StepParts {
  readonly context: EngineContext;
  readonly host: HostFacts;
  readonly network: BuildNetwork;
  readAccounts(layers: readonly string[]): AccountFiles;
}

export function createStepContainers(parts: StepParts): StepContainers {
  return {
    async run(order, use) {
      order.signal?.throwIfAborted();
      const step = openStep(parts.context);
      try {
        const result = await runStep(parts, order, step);
        order.signal?.throwIfAborted();
        return await use(result);
      } finally {
        await closeStep(parts.context, step);
      }
    },
  };
}

interface Step {
  readonly id: string;
  readonly directory: string;
  /** Of whoever waits for the step's result: a sweep lets the directory be while it is held. */
  readonly owner: Descriptor;
}

function openStep({ native, instance }: EngineContext): Step {
  for (;;) {
    const id = createId();
    const directory = remnantPath(instance.paths, 'building', id);
    const path = join(directory, 'builder');
    const owner = openLockFile(path);
    if (native.tryLock(owner, 'exclusive') && isSameFile(owner, path)) return { id, directory, owner };
    // A sweep found it between the two calls, and took it for one whose builder is dead.
    closeSync(owner);
  }
}

async function closeStep(context: EngineContext, { id, directory, owner }: Step): Promise<void> {
  // The monitor has it until all of the step is dead.
  const lock = await lockDirectory(context.native, directory, true);
  try {
    await emptyCgroup(context, directory);
    await discardRemnant(context, { id, mark: 'building', directory });
  } finally {
    if (lock !== undefined) closeSync(lock);
    closeSync(owner);
  }
}

async function runStep(parts: StepParts, order: StepOrder, step: Step): Promise<StepResult> {
  const { context } = parts;
  const { paths } = context.instance;
  mkdirSync(paths.containerRun(step.id), { recursive: true, mode: 0o700 });
  const runtimePaths = await writeBundle(parts, order, step);
  const upper = join(step.directory, 'upper');
  const ended = await startStep(parts.context, step.directory, order);
  if (typeof ended === 'number') return { exitCode: ended, upper, runtimePaths, lostLines: 0 };
  await followOutput(step.directory, ended.promise, (stream, text) => order.onOutput(stream, text));
  const { exitCode = 137, droppedLogLines = 0 } = readEnd(step.directory, paths.containerRun(step.id)) ?? {};
  return { exitCode, upper, runtimePaths, lostLines: droppedLogLines };
}

/** On a full disk there is no last will; the status, which is in memory, says the same. */
function readEnd(directory: string, runDir: string): MonitorStatus | undefined {
  for (const path of [join(directory, 'last'), join(runDir, 'status')]) {
    try {
      return JSON.parse(readFileSync(path, 'utf8')) as MonitorStatus;
    } catch {
      // Nothing, or half of it.
    }
  }
  return undefined;
}

async function writeBundle(
  { context, host, network, readAccounts }: StepParts,
  order: StepOrder,
  { id, directory }: Step,
): Promise<readonly string[]> {
  const { instance } = context;
  const runDir = instance.paths.containerRun(id);
  const mounts = placeMounts(await order.mounts(directory), runDir);
  const service = describeService(order, mounts.tmpfs);
  const image = { id: '', reference: order.title, config: {}, layers: order.layers, mounts: [] };
  const bundle = computeContainer({
    service,
    image,
    accounts: readAccounts(order.layers),
    host,
    identity: { id, name: `build-${id.slice(0, 12)}`, project: '', service: service.name, number: 1 },
    network: await network.join(id, order.network),
    binds: mounts.binds,
    paths: { bundle: directory, runDir },
    table: instance.names.table,
    onEnd: 'keep',
  });
  makeWritableLayer({ project: '', service: service.name, image, mounts: [], directory });
  for (const file of bundle.files) writeFileSync(join(directory, file.name), file.content, { mode: 0o644 });
  // Nothing but what the command makes belongs into the image.
  const root = { ...bundle.monitor.root, volatile: true, present: [] };
  const monitor = { ...bundle.monitor, root };
  const config = asStep(bundle.config, order, directory);
  writeFileSync(join(directory, 'config.json'), JSON.stringify(config), { mode: 0o600 });
  writeFileSync(join(directory, 'monitor.json'), JSON.stringify(monitor), { mode: 0o600 });
  return config.mounts.map(({ destination }) => destination);
}

interface RunningStep {
  /** Resolves when all of the command is dead. */
  readonly promise: Promise<void>;
}

/** The exit code of a command that could not be executed, or one that runs. */
async function startStep(
  { native }: EngineContext,
  directory: string,
  order: StepOrder,
): Promise<number | RunningStep> {
  const lifeline = native.pipe();
  const lock = native.openDirectory(directory);
  native.tryLock(lock, 'exclusive');
  try {
    const executable = tcrunPath();
    await native.spawnMonitor({ executable, bundle: directory, lock, sockets: [], lifeline: lifeline.read });
  } catch (error) {
    closeSync(lifeline.write);
    if (!(error instanceof StartError) || error.exitCode === 125) throw describeFailure(error);
    order.onOutput('stderr', `${error.message}\n`);
    return error.exitCode;
  } finally {
    closeSync(lifeline.read);
    closeSync(lock);
  }
  return { promise: awaitEnd(native, directory, lifeline.write, order.signal) };
}

/** Cutting the lifeline ends the command, whoever does it: an abort here, or the death of this process. */
async function awaitEnd(
  native: Native,
  directory: string,
  lifeline: Descriptor,
  signal: AbortSignal | undefined,
): Promise<void> {
  let isOpen = true;
  const cut = () => {
    if (isOpen) closeSync(lifeline);
    isOpen = false;
  };
  signal?.addEventListener('abort', cut, { once: true });
  if (signal?.aborted) cut();
  try {
    const lock = await lockDirectory(native, directory, true);
    if (lock !== undefined) closeSync(lock);
  } finally {
    signal?.removeEventListener('abort', cut);
    cut();
  }
}

function describeFailure(error: unknown): unknown {
  if (!(error instanceof StartError)) return error;
  return new TcError(`the command did not start: ${error.message}`, {
    code: 'start',
    kind: 'environment',
    cause: error,
  });
}
