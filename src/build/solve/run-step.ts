// RUN: a command in a container of its own on the layers below, and a layer of what it changed.

import { TcError } from '../../base/error.ts';
import type { StackedLayer } from '../../image/build-store.ts';
import { chainOf } from '../../image/build-store.ts';
import type { RunStep } from '../stage/step.ts';
import type { StepText } from './event.ts';
import { keyOf } from './key.ts';
import { RunMounts } from './run-mounts.ts';
import type { StepMount, StepResult } from './step-container.ts';
import { openRoot, type StepContext } from './step-context.ts';
import { removeStubs } from './stub.ts';

export interface SolvedStep {
  /** Undefined: the step changes nothing. */
  readonly layer: StackedLayer | undefined;
  readonly lineage: string | undefined;
}

export async function solveRun(step: RunStep, context: StepContext): Promise<SolvedStep> {
  const { solver, below, lineage, useCache } = context;
  const { workshop, request } = solver;
  checkEntitlements(step, context);
  const text = workshop.nextStep(request.name, step.title);
  const mounts = await RunMounts.open(step, context);
  const what = [identify(step), mounts.identity, describeHost(context), solver.epoch];
  const key = keyOf('run', chainOf(below).at(-1), lineage, ...what);
  try {
    const layer = await workshop.solve({
      step: text,
      below,
      useCache,
      imported: solver.imported,
      keys: [key],
      make: () => workshop.withSlot(() => execute(step, context, mounts, text)),
    });
    return { layer, lineage: key };
  } finally {
    await mounts.close();
  }
}

/** All that decides what the command does, but for its mounts. */
function identify(step: RunStep) {
  const { command, environment, workingDir, user, network, isInsecure, script } = step;
  return { command, environment, workingDir, user, network, isInsecure, script };
}

/** Hosts by their names: their addresses are another every day, and BuildKit leaves them out too. */
function describeHost({ solver }: StepContext) {
  const { extraHosts, ulimits, shmSize } = solver.request;
  return { extraHosts: extraHosts.map((host) => host.split('=')[0]), ulimits, shmSize };
}

/** What a Dockerfile may not simply take: whoever builds gives it. */
function checkEntitlements(step: RunStep, { solver }: StepContext): void {
  const { entitlements, network } = solver.request;
  const needed = [
    ...(step.isInsecure ? ['security.insecure'] : []),
    ...(step.network === 'host' && network !== 'host' ? ['network.host'] : []),
  ];
  const missing = needed.find((name) => !entitlements.includes(name));
  if (missing === undefined) return;
  throw new TcError(`the step needs the entitlement ${missing}`, {
    code: 'build-entitlement',
    hints: [`allow it if you trust the Dockerfile: build.entitlements: [${missing}]`],
  });
}

/** Where an image has none of these directories, they are in the layer of its first command, as BuildKit leaves them. */
const systemPath = /^\/+(dev|proc|sys)(\/|$)/;

async function execute(
  step: RunStep,
  context: StepContext,
  mounts: RunMounts,
  text: StepText,
): Promise<StackedLayer> {
  const { solver, below } = context;
  const { workshop, request } = solver;
  const { containers, signal, store } = workshop.options;
  const output = new OutputKeeper();
  const emulators = listEmulators(context);
  const order = {
    title: step.title,
    layers: await store.directories(below),
    command: step.command,
    environment: { ...step.environment, ...step.proxies, ...mounts.environment },
    workingDir: step.workingDir,
    user: step.user,
    network: step.network,
    isPrivileged: step.isInsecure,
    extraHosts: request.extraHosts,
    ...(request.shmSize === undefined ? {} : { shmSize: request.shmSize }),
    ...(request.memory === undefined ? {} : { memory: request.memory }),
    ulimits: request.ulimits,
    mounts: async (directory: string) => [...(await mounts.place(directory)), ...emulators],
    onOutput(stream: 'stdout' | 'stderr', chunk: string) {
      output.add(chunk);
      workshop.tell({ type: 'step-output', stream, text: chunk, ...text });
    },
    signal,
  };
  return containers.run(order, async (result: StepResult) => {
    if (result.exitCode !== 0) throw failed(step, result, output);
    const mounted = [...result.runtimePaths, ...mounts.targets, ...emulators.map(({ target }) => target)];
    const targets = mounted.filter((path) => !systemPath.test(path));
    await removeStubs(result.upper, targets, await openRoot(context));
    const created = solver.epoch === undefined ? undefined : new Date(solver.epoch * 1000).toISOString();
    const layer = await store.adopt(result.upper, step.title, below, solver.epoch);
    return { ...layer, ...(created && { created }) };
  });
}

/** One that the kernel looks for in the root of whoever runs a program of the platform. */
function listEmulators({ programs, solver }: StepContext): StepMount[] {
  const ability = solver.workshop.machine.ability(programs);
  return ability.can && ability.emulator ? [{ type: 'bind', ...ability.emulator, readOnly: true }] : [];
}

/** What a command printed, for the moment when it fails. */
class OutputKeeper {
  /** Characters; of a longer output the end is kept. */
  static readonly limit = 1024 * 1024;
  #chunks: string[] = [];
  #length = 0;
  isCut = false;

  add(text: string): void {
    this.#chunks.push(text);
    this.#length += text.length;
    while (this.#length > OutputKeeper.limit && this.#chunks.length > 1) {
      this.#length -= this.#chunks.shift()?.length ?? 0;
      this.isCut = true;
    }
  }

  get text(): string {
    return this.#chunks.join('');
  }
}

function failed(step: RunStep, { exitCode, lostLines }: StepResult, output: OutputKeeper): TcError {
  const [program = ''] = step.command;
  const why = exitCode > 128 ? `was ended by signal ${exitCode - 128}` : `ended with exit code ${exitCode}`;
  const lines = output.text.split('\n').map((line) => line.trimEnd());
  while (lines.at(-1) === '') lines.pop();
  return new TcError(`${step.title}: the command ${why}`, {
    code: 'build-run',
    hints: [
      ...(exitCode === 127 ? [`${program} or what it starts was not found in the image`] : []),
      ...(lostLines > 0 ? [`the disk is full: ${lostLines} lines that it printed are lost`] : []),
    ],
    output: output.isCut ? ['(its beginning is left out)', ...lines] : lines,
  });
}
