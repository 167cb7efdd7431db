// Carries out a command on a project: lock, sweep, snapshot, decision, preparation, plan. The lock is let go while
// nothing but waits is left, and taken again before the next effect.

import { availableParallelism } from 'node:os';
import { TcError } from '../../base/error.ts';
import type { Warning } from '../../base/warning.ts';
import type { Operation, Plan, PlanNode } from '../../plan/operation.ts';
import type { HostFacts } from '../../runtime/container-input.ts';
import { findIgnored } from '../../runtime/unsupported.ts';
import type { ProjectIdentity } from '../container/labels.ts';
import type { EngineContext } from '../context.ts';
import { openEventLog } from '../event/event-log.ts';
import { listImageUses } from '../image/image-operations.ts';
import type { Removed } from '../image/image-port.ts';
import type { Images } from '../image/images.ts';
import { removeEmptyRunDirectory } from '../instance/run-directory.ts';
import { type LastHolder, ProjectLock, projectLockPath } from '../lock/project-lock.ts';
import { observeInstance, type Snapshot } from '../observe/observe.ts';
import { Publishers } from '../port/publishers.ts';
import { SocketPool } from '../port/socket-pool.ts';
import type { ExecuteRequest, ExecutionResult } from '../ports.ts';
import { sweep } from '../sweep/sweep.ts';
import { isCancelling, requestCancellation, watchCancellation } from './cancellation.ts';
import { containerExecutors } from './container-executors.ts';
import { Execution, type Executors, type Step } from './execution.ts';
import { locateRuntime } from './locate.ts';
import { considerFailedStep } from './observe-update.ts';
import { findBrokenPrecondition } from './preconditions.ts';
import { prepare, reservePortsAgain } from './prepare.ts';
import { resourceExecutors } from './resource-executors.ts';
import { runSchedule, type Weight } from './scheduler.ts';

export interface ExecuteParts {
  readonly context: EngineContext;
  readonly images: Images;
  host(): HostFacts;
}

const WEIGHTS: Readonly<Record<Operation['kind'], Weight>> = {
  'create-network': 'heavy',
  'remove-network': 'heavy',
  'create-volume': 'light',
  'remove-volume': 'light',
  'remove-image': 'light',
  'create-container': 'heavy',
  'start-container': 'heavy',
  // A grace period is the service's own affair: all of them pass at once.
  'stop-container': 'light',
  'drain-container': 'light',
  'restart-container': 'light',
  'kill-container': 'light',
  'pause-container': 'light',
  'unpause-container': 'light',
  'remove-container': 'light',
  'await-condition': 'wait',
  'observe-update': 'wait',
  // The project is not kept from others while a command of the user runs.
  'run-hook': 'wait',
  'run-provider': 'wait',
};

/** The user has set a limit: then it holds for everything that has an effect. */
function limited({ operation }: PlanNode): Weight {
  return WEIGHTS[operation.kind] === 'wait' ? 'wait' : 'heavy';
}

const executors: Executors = { ...resourceExecutors, ...containerExecutors };

export async function executeRequest(parts: ExecuteParts, request: ExecuteRequest): Promise<ExecutionResult> {
  const { context } = parts;
  const { locks } = context.instance.paths;
  const cancelPath = `${projectLockPath(locks, request.project)}.cancel`;
  const cancelling = isCancelling(request.verb);
  const withdraw = cancelling ? requestCancellation(cancelPath, request.verb) : undefined;
  const watch = cancelling ? undefined : watchCancellation(cancelPath);
  const signals = [request.signal, watch?.signal].filter((signal) => signal !== undefined);
  const signal = AbortSignal.any(signals);
  try {
    const lock = await ProjectLock.acquire({
      native: context.native,
      locks,
      project: request.project,
      verb: request.verb,
      signal,
      onWait: (holder) => request.on({ type: 'warning', warning: describeWait(request.project, holder) }),
    });
    try {
      return await executeLocked(parts, { ...request, signal }, lock);
    } finally {
      if (cancelling) removeEmptyRunDirectory(context.instance.paths);
      if (cancelling && isEmpty(context, request.project)) lock.releaseAndRemove();
      else lock.release();
    }
  } finally {
    watch?.close();
    withdraw?.();
  }
}

async function executeLocked(
  parts: ExecuteParts,
  request: ExecuteRequest,
  lock: ProjectLock,
): Promise<ExecutionResult> {
  const { context } = parts;
  const snapshot = await observeSwept(context, request);
  const plan = request.decide(snapshot.state);
  request.on({ type: 'plan', plan });
  for (const warning of plan.warnings) request.on({ type: 'warning', warning });
  for (const warning of listIgnored(plan, request)) request.on({ type: 'warning', warning });
  const leaving = listLeaving(plan);
  const containers = new Map(snapshot.containers);
  const publishers = new Publishers({ context, containers, leaving });
  const execution = new Execution({
    context,
    project: identifyProject(request, snapshot),
    snapshot,
    containers,
    host: parts.host,
    sockets: new SocketPool(context.native, publishers),
    events: openEventLog(context.instance.paths.events),
    removeImage: createImageRemover(parts),
    services: request.model?.services ?? {},
    secrets: request.model?.secrets ?? {},
    warn: (warning) => request.on({ type: 'warning', warning }),
    attach: request.attach,
  });
  try {
    await prepare(execution, plan, { ...request, images: parts.images });
    await runPlan(execution, plan, request, lock);
    return { created: execution.created, plan, session: execution.session };
  } catch (error) {
    execution.session?.leave();
    throw error;
  } finally {
    execution.letGo();
    execution.endWithdrawals();
    publishers.close();
  }
}

/** One after the other: the content of the second would stay if the first were just collecting. */
function createImageRemover({ context, images }: ExecuteParts): (reference: string) => Promise<Removed> {
  let last: Promise<unknown> = Promise.resolve();
  return (reference) => {
    const removal = last.then(async () => {
      const store = await images.store();
      return store.remove(reference, { uses: listImageUses(context.instance.paths) });
    });
    last = removal.catch(() => undefined);
    return removal;
  };
}

/** What the containers to be created ask for in vain. */
function listIgnored(plan: Plan, { model }: ExecuteRequest): readonly Warning[] {
  const created = plan.nodes.flatMap(({ operation }) =>
    operation.kind === 'create-container' ? [[operation.service.name, operation.service] as const] : [],
  );
  return model ? findIgnored(model, [...new Map(created).values()]) : [];
}

async function observeSwept(context: EngineContext, request: ExecuteRequest): Promise<Snapshot> {
  const observe = () => observeInstance(context.instance.paths, request.project, request.model);
  const snapshot = observe();
  const mended = await sweep(context, snapshot.statuses.keys(), snapshot.volumes);
  for (const message of mended) request.on({ type: 'warning', warning: { code: 'swept', message } });
  return mended.length > 0 ? observe() : snapshot;
}

function runPlan(
  execution: Execution,
  plan: Plan,
  request: ExecuteRequest,
  lock: ProjectLock,
): Promise<void> {
  const done = new Set<number>();
  return runSchedule({
    nodes: plan.nodes,
    // Two more than there are processors: each start waits for the kernel now and then (RCU grace periods, rtnl_lock), and
    // the next container's files are written meanwhile.
    parallel: request.parallel ?? availableParallelism() + 2,
    signal: request.signal,
    ...(request.keepGoing ? { keepGoing: true } : {}),
    weigh: (node) => (request.parallel === undefined ? WEIGHTS[node.operation.kind] : limited(node)),
    async run(node, signal) {
      const { group, id, operation } = node;
      const tell = (detail: string) =>
        request.on({ type: 'node', node: id, operation, group, phase: 'started', detail });
      await runNode(node, { node: id, execution, signal, tell }, request);
      done.add(node.id);
    },
    onIdle() {
      execution.letGo();
      lock.release();
    },
    async onResume() {
      const other = await lock.retake();
      const nodes = plan.nodes.filter((node) => !done.has(node.id));
      if (other) checkPreconditions(execution, nodes, request, other);
      await reservePortsAgain(execution, nodes, request);
    },
  });
}

/** Throws if what the rest of the plan relies on is no longer so. */
function checkPreconditions(
  execution: Execution,
  nodes: readonly PlanNode[],
  request: ExecuteRequest,
  other: LastHolder,
): void {
  const now = observeInstance(execution.context.instance.paths, request.project, request.model);
  const { created, removed } = execution;
  const broken = findBrokenPrecondition({ project: request.project, nodes, created, removed }, now);
  if (broken !== undefined) throw changedBy(other, broken);
  execution.refresh(now);
}

async function runNode(node: PlanNode, step: Step, request: ExecuteRequest): Promise<void> {
  const { operation, group, id } = node;
  const event = { type: 'node', node: id, operation, group } as const;
  request.on({ ...event, phase: 'started' });
  try {
    // The map pairs each kind with its executor; that the pair fits is lost on the way through a union.
    await (executors[operation.kind] as (operation: Operation, step: Step) => Promise<void>)(operation, step);
    request.on({ ...event, phase: 'done' });
  } catch (error) {
    request.on({ ...event, phase: 'failed', detail: error instanceof Error ? error.message : String(error) });
    if (step.signal.aborted) throw error;
    considerFailedStep(step.execution, node, placeFailure(error, step, operation, request));
  }
}

/** Of the starts, only what another runtime refuses is the word of one line. */
function placeFailure(error: unknown, { execution }: Step, operation: Operation, request: ExecuteRequest) {
  if (operation.kind !== 'start-container') return error;
  return locateRuntime(error, request.model, execution.resolve(operation.container).service);
}

function listLeaving(plan: Plan): Set<string> {
  const ids = plan.nodes.flatMap(({ operation }) => {
    const leaves = operation.kind === 'stop-container' || operation.kind === 'remove-container';
    return leaves && 'id' in operation.container ? [operation.container.id] : [];
  });
  return new Set(ids);
}

/** `down` may have no files to go by: then the containers' labels tell what the others need not know. */
function identifyProject(request: ExecuteRequest, snapshot: Snapshot): ProjectIdentity {
  if (request.model) return request.model;
  const workingDir = snapshot.state.containers[0]?.workingDir ?? '';
  return { name: request.project, workingDir, configFiles: [], environmentFiles: [] };
}

function isEmpty(context: EngineContext, project: string): boolean {
  const { containers, networks, volumes } = observeInstance(context.instance.paths, project).state;
  return containers.length + networks.length + volumes.length === 0;
}

function describeWait(project: string, holder: { verb: string; pid: number; since: string } | undefined) {
  const who = holder
    ? `"tcompose ${holder.verb}" (pid ${holder.pid}, since ${holder.since})`
    : 'another command';
  return { code: 'project-locked', message: `waiting for ${who} to be done with project ${project}` };
}

function changedBy(other: LastHolder, what: string): TcError {
  return new TcError(`the project was changed by "tcompose ${other.verb}" in the meantime: ${what}`, {
    code: 'changed-meanwhile',
    hints: ['run the command again: it starts from what is there now'],
  });
}
