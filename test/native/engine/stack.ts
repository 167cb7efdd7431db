// A project on the native engine in a data root of its own: loaded, planned and executed as the commands do it.

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { createNativeEngine } from '../../../src/engine/native-engine.ts';
import type { Engine, ExecuteEvent, ExecutionResult } from '../../../src/engine/ports.ts';
import { type DownOptions, planDown } from '../../../src/plan/down.ts';
import type { ObservedContainer, ObservedState } from '../../../src/plan/observed-state.ts';
import type { Plan } from '../../../src/plan/operation.ts';
import { planUp } from '../../../src/plan/up.ts';
import type { UpOptions } from '../../../src/plan/up-options.ts';
import { createDiskReader } from '../../../src/project/disk-reader.ts';
import { loadProject } from '../../../src/project/load.ts';
import type { ProjectModel } from '../../../src/project/model.ts';
import { findLeftovers } from '../../e2e/host-state.ts';

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export class Stack {
  readonly directory: string;
  readonly root: string;
  readonly runDir: string;
  readonly events: ExecuteEvent[] = [];
  engine: Engine;

  constructor(compose: string) {
    const base = mkdtempSync(join(tmpdir(), 'tcompose-engine-'));
    this.directory = join(base, 'stack');
    this.root = join(base, 'root');
    this.runDir = join(base, 'run');
    mkdirSync(this.directory);
    this.write('compose.yaml', compose);
    this.engine = this.open();
  }

  /** Another engine on the same data root: another command. */
  open(): Engine {
    return createNativeEngine({ root: this.root, runDir: this.runDir });
  }

  write(name: string, text: string): string {
    const path = join(this.directory, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  model(): ProjectModel {
    const file = join(this.directory, 'compose.yaml');
    const options = { files: [file], cwd: this.directory, profiles: [], environment: process.env };
    return loadProject(options, createDiskReader());
  }

  async up(options: UpOptions = {}, engine = this.engine, signal?: AbortSignal): Promise<ExecutionResult> {
    const model = this.model();
    const inputs = await engine.resolveInputs(model, undefined, 'execute');
    return this.execute('up', (state) => planUp(model, inputs, state, options), engine, signal);
  }

  async plan(options: UpOptions = {}): Promise<Plan> {
    const model = this.model();
    const inputs = await this.engine.resolveInputs(model);
    return planUp(model, inputs, await this.state(), options);
  }

  down(options: DownOptions = {}, engine = this.engine): Promise<ExecutionResult> {
    const model = this.model();
    return this.execute('down', (state) => planDown(model, state, { timeout: 1e9, ...options }), engine);
  }

  execute(
    verb: string,
    decide: (state: ObservedState) => Plan,
    engine = this.engine,
    signal?: AbortSignal,
  ): Promise<ExecutionResult> {
    const model = this.model();
    const on = (event: ExecuteEvent) => void this.events.push(event);
    return engine.execute({ project: model.name, model, verb, decide, on, ...(signal ? { signal } : {}) });
  }

  state(): Promise<ObservedState> {
    const model = this.model();
    return this.engine.observe(model.name, model);
  }

  async container(service: string, number = 1): Promise<ObservedContainer> {
    const { containers } = await this.state();
    const found = containers.find((each) => each.service === service && each.number === number);
    if (found) return found;
    throw new Error(`no ${service}-${number} among ${containers.map((each) => each.name).join(', ')}`);
  }

  async exec(service: string, ...command: string[]): Promise<CommandResult> {
    const streams = { stdout: new PassThrough(), stderr: new PassThrough() };
    const text = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      streams[name].on('data', (chunk: Buffer) => {
        text[name] += chunk.toString();
      });
    }
    const session = await this.engine.exec(await this.container(service), {
      command,
      environment: {},
      privileged: false,
      tty: false,
      detach: false,
      ...streams,
    });
    return { exitCode: await session.exitCode, ...text };
  }

  async logs(): Promise<string[]> {
    const { containers } = await this.state();
    const lines: string[] = [];
    for await (const { text } of this.engine.logs.read({ containers, follow: false, tail: 'all' }))
      lines.push(text);
    return lines;
  }

  list(kind: 'containers' | 'networks' | 'volumes'): string[] {
    return readdirSync(join(this.root, kind));
  }

  /**
   * What of this instance the kernel and the run directory hold, once the kernel has let go of what just ended: all of it
   * carries the instance's id or its root.
   */
  async leftovers(): Promise<string[]> {
    const { id } = JSON.parse(readFileSync(join(this.root, 'instance.json'), 'utf8')) as { id: string };
    await eventually('nothing is left', () => this.#look(id).length === 0).catch(() => undefined);
    return this.#look(id);
  }

  #look(id: string): string[] {
    const found = Object.entries(findLeftovers(id, this.root)).flatMap(([kind, what]) =>
      what.map((each) => `${kind}: ${each}`),
    );
    return [...found, ...(existsSync(this.runDir) ? [this.runDir] : [])];
  }

  async dispose(): Promise<void> {
    await this.down({ volumes: true, removeOrphans: true });
    rmSync(dirname(this.directory), { recursive: true, force: true });
  }
}

/** Resolves when `probe` yields something; for tests only, the product waits on events. */
export async function eventually<T>(
  what: string,
  probe: () => T | Promise<T>,
  seconds = 10,
): Promise<NonNullable<T>> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const value = await probe();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`not within ${seconds} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
