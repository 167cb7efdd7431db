// An engine in memory, for the decisions of verbs that wait for events: it carries out plans at once, and tests let its
// containers print and end.

import { formatInstant } from '../../../src/app/instant.ts';
import { abortable, PushIterable } from '../../../src/base/async.ts';
import type {
  AttachSession,
  ContainerEvent,
  Engine,
  ExecRequest,
  ExecSession,
  ExecuteRequest,
  ExecutionResult,
  LogRecord,
  LogRequest,
} from '../../../src/engine/ports.ts';
import type { ObservedContainer, ObservedState } from '../../../src/plan/observed-state.ts';
import type { ContainerRef, NodeId, Operation } from '../../../src/plan/operation.ts';
import { recordService } from '../../../src/plan/recorded.ts';

interface Waiting {
  readonly id: string;
  readonly snapshots: PushIterable<ObservedContainer>;
}

/** Verbs about images go to the real store, in tests of their own. */
export class FakeEngine
  implements
    Omit<
      Engine,
      'images' | 'pullImages' | 'registry' | 'remote' | 'commit' | 'export' | 'copy' | 'sources' | 'builds'
    >
{
  readonly executed: string[] = [];
  readonly #containers = new Map<string, ObservedContainer>();
  readonly #records: LogRecord[] = [];
  readonly #readers = new Set<() => void>();
  readonly #watchers = new Set<Waiting>();
  #clock = 0;
  /** Called before each operation: tests hold an execution by a promise that does not settle. */
  before: (operation: Operation) => Promise<void> | undefined = () => undefined;

  readonly system = { check: () => Promise.resolve([]) } as unknown as Engine['system'];

  readonly logs = { read: (request: LogRequest) => this.#read(request) };

  observe(project: string): Promise<ObservedState> {
    return Promise.resolve(this.#state(project));
  }

  resolveInputs(...[model]: Parameters<Engine['resolveInputs']>) {
    const services = Object.values(model.services).map((service) => [
      service.name,
      {
        imageId: `id-of-${service.image}`,
        files: {},
        recorded: recordService(service, (text) => text),
        hasHealthcheck: false,
      },
    ]);
    return Promise.resolve({ services: Object.fromEntries(services) });
  }

  async execute(request: ExecuteRequest): Promise<ExecutionResult> {
    const plan = request.decide(this.#state(request.project));
    const created = new Map<NodeId, string>();
    request.on({ type: 'plan', plan });
    for (const { id, operation } of plan.nodes) {
      request.signal?.throwIfAborted();
      request.on({ type: 'node', node: id, operation, phase: 'started' });
      await this.#hold(operation, request.signal);
      this.#carryOut(id, operation, request, created);
      request.on({ type: 'node', node: id, operation, phase: 'done' });
    }
    return { created, plan };
  }

  listProjects() {
    return Promise.resolve([]);
  }

  exec(_container: ObservedContainer, _request: ExecRequest): Promise<ExecSession> {
    return Promise.resolve({
      exitCode: Promise.resolve(0),
      resize: () => undefined,
      signal: () => undefined,
      leave: () => undefined,
    });
  }

  async attach(): Promise<AttachSession> {
    const idle = { resize: () => undefined, signal: () => undefined, leave: () => undefined };
    return { ...idle, exitCode: Promise.resolve(0), ended: Promise.resolve() };
  }

  listProcesses() {
    return Promise.resolve([]);
  }

  inspect(): never {
    throw new Error('inspect: not of the fake engine');
  }

  measure() {
    return Promise.resolve(undefined);
  }

  readonly events = {
    async *read(): AsyncGenerator<ContainerEvent> {},
  };

  async *watch(id: string, signal?: AbortSignal): AsyncGenerator<ObservedContainer> {
    const waiting = { id, snapshots: new PushIterable<ObservedContainer>() };
    const current = this.#containers.get(id);
    if (current === undefined) return;
    waiting.snapshots.push(current);
    this.#watchers.add(waiting);
    signal?.addEventListener('abort', () => waiting.snapshots.end(), { once: true });
    yield* waiting.snapshots;
  }

  /** The container of this name prints a line; `later`: than the one before, in ms. */
  print(name: string, text: string, later = 1): void {
    this.#clock = Math.max(this.#clock, later === 0 ? 0 : Date.now()) + later;
    const time = formatInstant(this.#clock);
    this.#records.push({ containerId: this.#find(name).id, stream: 'stdout', time, text: `${text}\n` });
    for (const wake of this.#readers) wake();
  }

  /** The container of this name gets into another state. */
  change(name: string, changes: Partial<ObservedContainer>): void {
    const changed = { ...this.#find(name), ...changes };
    this.#containers.set(changed.id, changed);
    for (const { id, snapshots } of this.#watchers) if (id === changed.id) snapshots.push(changed);
  }

  end(name: string, exitCode: number): void {
    this.change(name, { state: 'exited', exitCode });
  }

  async #hold(operation: Operation, signal: AbortSignal | undefined): Promise<void> {
    const held = this.before(operation);
    if (held !== undefined) await abortable(held, signal);
  }

  #find(name: string): ObservedContainer {
    const found = [...this.#containers.values()].find((container) => container.name === name);
    if (found === undefined) throw new Error(`no container ${name}`);
    return found;
  }

  #state(project: string): ObservedState {
    const containers = [...this.#containers.values()];
    return { project, containers, networks: [], volumes: [], externalNetworks: {}, externalVolumes: {} };
  }

  #carryOut(node: NodeId, operation: Operation, request: ExecuteRequest, created: Map<NodeId, string>): void {
    if (operation.kind === 'create-container') {
      const id = `id-${operation.name}`;
      created.set(node, id);
      this.#containers.set(id, describeCreated(id, operation, request.project));
      return;
    }
    if (!('container' in operation)) return;
    const { name } = operation.container satisfies ContainerRef;
    this.executed.push(`${operation.kind} ${name}`);
    if (operation.kind === 'start-container') {
      this.change(name, { state: 'running', startedAt: new Date().toISOString() });
    }
    if (operation.kind === 'stop-container') this.end(name, 143);
    if (operation.kind === 'kill-container') this.end(name, 137);
  }

  async *#read({ containers, cursors, follow, signal, since = '' }: LogRequest): AsyncGenerator<LogRecord> {
    const wanted = new Set(containers.map((container) => container.id));
    const [first = ''] = wanted;
    for (let at = cursors?.get(first)?.position ?? 0; ; ) {
      for (; at < this.#records.length; at += 1) {
        const record = this.#records[at] as LogRecord;
        if (wanted.has(record.containerId) && record.time >= since) yield record;
      }
      cursors?.set(first, { file: '1', position: at });
      if (!follow || signal?.aborted) return;
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#readers.delete(wake);
          resolve();
        };
        this.#readers.add(wake);
        signal?.addEventListener('abort', wake, { once: true });
      });
    }
  }
}

function describeCreated(
  id: string,
  { name, number, oneOff, service }: Extract<Operation, { kind: 'create-container' }>,
  project: string,
): ObservedContainer {
  return {
    id,
    name,
    project,
    service: service.name,
    number,
    oneOff,
    state: 'created',
    stoppedByUser: false,
    restartCount: 0,
    image: service.image ?? '',
    command: [],
    createdAt: new Date().toISOString(),
    recorded: recordService(service, (text) => text),
    inputs: { imageId: `id-of-${service.image}`, files: {}, networks: {}, volumes: {} },
    labels: {},
    publishers: [],
    networks: [],
    mounts: [],
    workingDir: '/project',
  };
}
