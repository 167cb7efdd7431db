// Executes a plan on a snapshot, as an engine would, and holds every step to what an engine could do: nothing is made
// from parts that are not there, removed while it is in use, or started before what it depends on.

import type {
  DesiredInputs,
  ObservedContainer,
  ObservedNetwork,
  ObservedState,
  ObservedVolume,
} from '../../../src/plan/observed-state.ts';
import type {
  ContainerRef,
  NodeId,
  Operation,
  OperationOf,
  Plan,
  PlanNode,
} from '../../../src/plan/operation.ts';
import { containerSources, namespaceSources } from '../../../src/plan/service-graph.ts';
import type { ProjectModel } from '../../../src/project/model.ts';
import type { ServiceConfig } from '../../../src/project/service-config.ts';
import type { World } from './world.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export class Host {
  readonly #inputs: DesiredInputs;
  readonly #model: ProjectModel;
  readonly #selected: ReadonlySet<string>;
  readonly #containers = new Map<string, Mutable<ObservedContainer>>();
  readonly #networks = new Map<string, ObservedNetwork & { members: string[] }>();
  readonly #volumes = new Map<string, ObservedVolume & { usedBy: string[] }>();
  #created = new Map<NodeId, string>();
  #removed = new Set<string>();
  /** Containers that the plan removes. */
  #leaving = new Set<string>();
  #clock = Date.parse('2026-02-01T00:00:00Z');
  #ids = 0;

  /** @param selected The services whose conditions have to be kept. */
  constructor({ inputs, model, state }: World, selected: ReadonlySet<string>) {
    this.#model = model;
    this.#inputs = inputs;
    this.#selected = selected;
    for (const network of state.networks)
      this.#networks.set(network.id, { ...network, members: [...network.members] });
    for (const volume of state.volumes)
      this.#volumes.set(volume.id, { ...volume, usedBy: [...volume.usedBy] });
    for (const container of state.containers) this.#containers.set(container.id, { ...container });
    for (const container of this.#containers.values()) {
      container.inputs = { ...container.inputs, sources: this.#sourcesOf(container.recorded) };
    }
  }

  /** Applies the nodes in the order given. */
  apply(plan: Plan, order: readonly PlanNode[] = plan.nodes): void {
    this.#created = new Map();
    this.#removed = new Set();
    this.#leaving = new Set(
      plan.nodes.flatMap(({ operation }) =>
        operation.kind === 'remove-container' && 'id' in operation.container ? [operation.container.id] : [],
      ),
    );
    for (const node of order) {
      for (const id of node.dependsOn) {
        if (!order.slice(0, order.indexOf(node)).some((before) => before.id === id)) {
          throw new Error(`#${node.id} runs before #${id}`);
        }
      }
      this.#execute(node.id, node.operation);
    }
  }

  get state(): ObservedState {
    const containers = [...this.#containers.values()].map((container) => ({ ...container }));
    return {
      project: this.#model.name,
      containers,
      networks: [...this.#networks.values()].map((network) => ({
        ...network,
        members: [...network.members],
      })),
      volumes: [...this.#volumes.values()].map((volume) => ({ ...volume, usedBy: [...volume.usedBy] })),
      externalNetworks: {},
      externalVolumes: {},
    };
  }

  /** The container that was made last ends by itself, if it runs. */
  endLast(): void {
    const last = [...this.#containers.values()].at(-1);
    if (last?.state === 'running' && last.replaces !== undefined) last.state = 'exited';
  }

  #tick(): string {
    this.#clock += 1000;
    return new Date(this.#clock).toISOString();
  }

  #freshId(what: string): string {
    this.#ids += 1;
    return `${what}-${this.#clock}-${this.#ids}`;
  }

  #execute(node: NodeId, operation: Operation): void {
    switch (operation.kind) {
      case 'create-network': {
        const { config, key } = operation;
        assert(
          ![...this.#networks.values()].some(({ name }) => name === config.name),
          `network ${config.name} exists`,
        );
        const id = this.#freshId('network');
        this.#networks.set(id, { id, key, name: config.name, recorded: config, labels: {}, members: [] });
        return;
      }
      case 'remove-network':
        assert(this.#networks.get(operation.id)?.members.length === 0, `network ${operation.name} is empty`);
        this.#networks.delete(operation.id);
        return;
      case 'create-volume': {
        const { config, key } = operation;
        assert(
          ![...this.#volumes.values()].some(({ name }) => name === config.name),
          `volume ${config.name} exists`,
        );
        const id = this.#freshId('volume');
        this.#volumes.set(id, {
          id,
          key,
          name: config.name,
          recorded: config,
          labels: {},
          anonymous: false,
          usedBy: [],
        });
        return;
      }
      case 'remove-volume': {
        const volume = [...this.#volumes.values()].find(({ name }) => name === operation.name);
        assert(volume?.usedBy.length === 0, `volume ${operation.name} is unused`);
        this.#volumes.delete(volume!.id);
        return;
      }
      case 'create-container':
        this.#create(node, operation);
        return;
      case 'start-container':
        this.#start(this.#resolve(operation.container));
        return;
      case 'stop-container':
        this.#stop(this.#resolve(operation.container));
        return;
      case 'restart-container': {
        const container = this.#resolve(operation.container);
        assert(container.state === 'running', `${container.name} runs`);
        container.startedAt = this.#tick();
        return;
      }
      case 'kill-container':
        this.#resolve(operation.container).state = 'exited';
        return;
      case 'pause-container':
        this.#resolve(operation.container).state = 'paused';
        return;
      case 'unpause-container':
        this.#resolve(operation.container).state = 'running';
        return;
      case 'run-provider':
        return;
      case 'drain-container':
      case 'run-hook':
        assert(this.#resolve(operation.container).state === 'running', `${operation.container.name} runs`);
        return;
      case 'remove-container':
        this.#remove(this.#resolve(operation.container));
        return;
      case 'await-condition':
        this.#await(operation);
        return;
      case 'observe-update':
        for (const ref of operation.containers) {
          const container = this.#resolve(ref);
          assert(container.state === 'running', `${container.name} can be watched`);
          if (container.health) container.health = 'healthy';
        }
        return;
    }
  }

  #resolve(ref: ContainerRef): Mutable<ObservedContainer> {
    const id = 'id' in ref ? ref.id : this.#created.get(ref.node);
    const container = id === undefined ? undefined : this.#containers.get(id);
    assert(container !== undefined, `${ref.name} is there`);
    return container!;
  }

  #create(node: NodeId, operation: OperationOf<'create-container'>): void {
    const { number, replaces, service } = operation;
    const desired = this.#inputs.services[service.name]!;
    const clash = [...this.#containers.values()].find(
      (other) =>
        other.oneOff === operation.oneOff &&
        other.service === service.name &&
        other.number === number &&
        other.id !== replaces?.id,
    );
    assert(clash === undefined, `nobody else is ${operation.name}`);
    if (replaces) {
      assert(
        this.#containers.has(replaces.id) || this.#removed.has(replaces.id),
        `${replaces.name} is known`,
      );
    }
    const id = this.#freshId(`${service.name}-${number}`);
    const networks = this.#join(operation.networks, this.#networks, id, 'members');
    const volumes = this.#join(operation.volumes, this.#volumes, id, 'usedBy');
    this.#checkAddresses(operation, id);
    this.#checkPorts(operation);
    const container: ObservedContainer = {
      id,
      name: operation.name,
      project: this.#model.name,
      service: service.name,
      number,
      oneOff: false,
      state: 'created',
      stoppedByUser: false,
      restartCount: 0,
      image: service.image ?? '',
      command: [],
      createdAt: this.#tick(),
      recorded: desired.recorded,
      inputs: {
        imageId: desired.imageId,
        files: desired.files,
        networks,
        volumes,
        sources: this.#sourcesOf(service),
      },
      labels: {},
      publishers: [],
      networks: [],
      mounts: [],
      ...(replaces && { replaces: replaces.id }),
      workingDir: this.#model.workingDir,
    };
    this.#containers.set(id, container);
    this.#created.set(node, id);
  }

  #join(
    names: Readonly<Record<string, string>>,
    resources: ReadonlyMap<string, { id: string; name: string; members?: string[]; usedBy?: string[] }>,
    id: string,
    list: 'members' | 'usedBy',
  ): Record<string, string> {
    return Object.fromEntries(
      Object.entries(names).map(([key, name]) => {
        const resource = [...resources.values()].find((candidate) => candidate.name === name);
        assert(resource !== undefined, `${name} is there`);
        resource![list]!.push(id);
        return [key, resource!.id];
      }),
    );
  }

  /** A fixed address belongs to one container at a time. */
  #checkAddresses({ service }: OperationOf<'create-container'>, id: string): void {
    for (const [key, settings] of Object.entries(service.networks ?? {})) {
      if (settings?.ipv4_address === undefined) continue;
      const holder = [...this.#containers.values()].find(
        (other) => other.id !== id && other.recorded.networks?.[key]?.ipv4_address === settings.ipv4_address,
      );
      assert(holder === undefined, `${settings.ipv4_address} is free`);
    }
  }

  /** Replicas share a port; others have to wait until its holder is gone. One that stays is the engine's to report. */
  #checkPorts({ replaces, service }: OperationOf<'create-container'>): void {
    for (const { published } of service.ports) {
      const holder = [...this.#containers.values()].find(
        (other) =>
          other.service !== service.name &&
          other.id !== replaces?.id &&
          this.#leaving.has(other.id) &&
          other.recorded.ports.some((port) => port.published === published),
      );
      assert(holder === undefined, `port ${published} is free`);
    }
  }

  /** Of several replicas the lowest is shared, of an old and a new one the new. */
  #sourcesOf(service: ServiceConfig): Record<string, string> {
    const entries = containerSources(service).flatMap((name) => {
      const [source] = [...this.#containers.values()]
        .filter((container) => container.service === name)
        .sort((a, b) => a.number - b.number || (a.createdAt < b.createdAt ? 1 : -1));
      return source === undefined ? [] : [[name, source.id]];
    });
    return Object.fromEntries(entries);
  }

  #start(container: Mutable<ObservedContainer>): void {
    assert(container.state === 'created' || container.state === 'exited', `${container.name} does not run`);
    const old = container.replaces === undefined ? undefined : this.#containers.get(container.replaces);
    const isRolled = this.#model.services[container.service]?.deploy?.update_config !== undefined;
    assert(old === undefined || isRolled, `what ${container.name} replaces is gone`);
    for (const name of namespaceSources(container.recorded)) {
      const id = container.inputs.sources?.[name] ?? '';
      assert(this.#containers.get(id)?.state === 'running', `${container.name} has namespaces to join`);
    }
    if (this.#selected.has(container.service)) this.#checkDependencies(container);
    container.state = 'running';
    container.startedAt = this.#tick();
    if (this.#inputs.services[container.service]?.hasHealthcheck) container.health = 'starting';
  }

  #checkDependencies(container: ObservedContainer): void {
    for (const [name, { condition }] of Object.entries(
      this.#model.services[container.service]?.depends_on ?? {},
    )) {
      const dependencies = [...this.#containers.values()].filter((other) => other.service === name);
      const wanted = Math.min(dependencies.length, this.#model.services[name]?.scale ?? 1, 1);
      const ready = dependencies.filter((other) => {
        if (condition === 'service_healthy') return other.state === 'running' && other.health === 'healthy';
        if (condition === 'service_completed_successfully')
          return other.state === 'exited' && other.exitCode === 0;
        return other.state === 'running' || (other.state === 'exited' && other.exitCode === 0);
      });
      assert(ready.length >= wanted, `${container.name} starts after ${name} is ${condition}`);
    }
  }

  #stop(container: Mutable<ObservedContainer>): void {
    assert(['running', 'paused', 'restarting'].includes(container.state), `${container.name} runs`);
    for (const other of this.#containers.values()) {
      const isIn = namespaceSources(other.recorded).some(
        (name) => other.inputs.sources?.[name] === container.id,
      );
      const isSharing = other.state === 'running' && isIn;
      assert(!isSharing, `${other.name} stops before ${container.name}, whose namespaces it is in`);
    }
    container.state = 'exited';
    container.exitCode = 143;
  }

  #remove(container: ObservedContainer): void {
    assert(!['running', 'paused', 'restarting'].includes(container.state), `${container.name} does not run`);
    this.#containers.delete(container.id);
    this.#removed.add(container.id);
    for (const { members } of this.#networks.values()) drop(members, container.id);
    for (const { usedBy } of this.#volumes.values()) drop(usedBy, container.id);
  }

  #await({ condition, containers }: OperationOf<'await-condition'>): void {
    for (const ref of containers) {
      const container = this.#resolve(ref);
      if (condition === 'service_healthy') {
        assert(container.state === 'running', `${container.name} can become healthy`);
        container.health = 'healthy';
      } else if (condition === 'service_completed_successfully' && container.state === 'running') {
        container.state = 'exited';
        container.exitCode = 0;
      }
    }
  }
}

function drop(list: string[], entry: string): void {
  const at = list.indexOf(entry);
  if (at >= 0) list.splice(at, 1);
}

function assert(holds: boolean, what: string): void {
  if (!holds) throw new Error(`does not hold: ${what}`);
}
