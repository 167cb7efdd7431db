// The engine of this machine: our own containers, on disk under a data root. What commands that only read do not need
// is loaded by the first effect: the addon, and the modules that use it.

import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { TcError } from '../base/error.ts';
import { offerHashes } from '../base/sha256.ts';
import { unless } from '../base/system-error.ts';
import type { HostFacts } from '../runtime/container-input.ts';
import { observeHostFacts } from '../runtime/host-facts.ts';
import { findHashes, loadNative, type Native } from '../runtime/native.ts';
import type { EngineContext } from './context.ts';
import { createImagePort } from './image/image-operations.ts';
import type { Images } from './image/images.ts';
import { createRegistryPort } from './image/registry-operations.ts';
import { InstanceLocator } from './instance/instance.ts';
import { emptyState, observeInstance } from './observe/observe.ts';
import type { BuildPort, Engine, ExecuteRequest, ExecutionResult } from './ports.ts';
import { createRemoteOperations } from './remote/remote-operations.ts';
import { createServiceOperations } from './service/service-operations.ts';
import { createSourcePort } from './source/source-operations.ts';
import { needsSweep } from './sweep/needs-sweep.ts';

export interface NativeEngineOptions {
  /** Data root; default: TCOMPOSE_ROOT, else /var/lib/tcompose as root, $XDG_DATA_HOME/tcompose otherwise. */
  readonly root?: string;
  /** Default: /run/tcompose[-instance] as root, below $XDG_RUNTIME_DIR otherwise. */
  readonly runDir?: string;
  /** Loads the addon; called when it is first needed. */
  readonly native?: () => Native;
}

/** What the operations share; each part is made on first use. */
interface EngineParts {
  readonly locator: InstanceLocator;
  readonly native: () => Native;
  readonly host: () => HostFacts;
  readonly images: () => Promise<Images>;
  /** Nothing that was found out of images counts any more. */
  readonly releaseImages: () => Promise<void>;
  readonly context: () => EngineContext;
}

export function createNativeEngine(options: NativeEngineOptions = {}): Engine {
  offerHashes(findHashes);
  const parts = createParts(options);
  return {
    ...projectOperations(parts),
    ...containerOperations(parts),
    ...imageOperations(parts),
    builds: buildOperations(parts),
  };
}

function createParts(options: NativeEngineOptions): EngineParts {
  const locator = new InstanceLocator(options);
  const native = options.native ?? loadNative;
  let images: Promise<Images> | undefined;
  return {
    locator,
    native,
    host: once(() => readHostFacts(native())),
    images: () => {
      images ??= import('./image/images.ts').then(({ Images }) => new Images({ root: locator.root, native }));
      return images;
    },
    releaseImages: async () => (await images)?.release(),
    context: () => ({ instance: locator.ensure(), native: native() }),
  };
}

function projectOperations({
  locator,
  host,
  images,
  releaseImages,
  context,
}: EngineParts): Pick<
  Engine,
  'observe' | 'resolveInputs' | 'pullImages' | 'execute' | 'listProjects' | 'system'
> {
  return {
    async observe(project, model) {
      const instance = locator.find();
      return instance ? observeInstance(instance.paths, project, model).state : emptyState(project);
    },

    async resolveInputs(model, services, purpose = 'plan', wish = {}) {
      const { resolveInputs } = await import('./input/resolve-inputs.ts');
      const key = purpose === 'execute' ? locator.ensure().key : locator.previewKey();
      const request = { model, services, images: await images(), key, purpose, wish, root: locator.root };
      return resolveInputs(request);
    },

    async pullImages(model, policies, purpose, request = {}) {
      const { pullImages } = await import('./image/look-up.ts');
      return pullImages({ model, images: await images(), purpose, wish: request }, policies);
    },

    async execute(request) {
      try {
        const nothing = decideNothing(locator, request);
        if (nothing) return nothing;
        requireRoot();
        const { executeRequest } = await import('./execute/execute.ts');
        return await executeRequest({ context: context(), images: await images(), host }, request);
      } finally {
        await releaseImages();
      }
    },

    async listProjects() {
      const instance = locator.find();
      const { listProjects } = await import('./observe/list-projects.ts');
      return instance ? listProjects(instance.paths) : [];
    },

    system: {
      async check(checkOptions) {
        if (locator.find() === undefined) return [];
        const { checkSystem } = await import('./sweep/check.ts');
        return checkSystem(context(), host().cgroups, checkOptions);
      },
      ...createServiceOperations(locator),
    },
  };
}

function containerOperations({
  locator,
  context,
}: EngineParts): Pick<
  Engine,
  | 'logs'
  | 'exec'
  | 'attach'
  | 'copy'
  | 'sources'
  | 'events'
  | 'inspect'
  | 'listProcesses'
  | 'measure'
  | 'watch'
> {
  return {
    logs: {
      async *read(request) {
        const instance = locator.find();
        if (instance === undefined) return;
        const { readLogs } = await import('./log/read-logs.ts');
        yield* readLogs(instance.paths, request);
      },
    },

    async exec(container, request) {
      const { execInContainer } = await import('./exec/exec.ts');
      return execInContainer(context(), container, request);
    },

    async attach(container, request) {
      const { attachToContainer } = await import('./exec/attach.ts');
      return attachToContainer(context(), container, request);
    },

    copy: {
      async container(container) {
        const { openContainerTree } = await import('./copy/copy-tree.ts');
        return openContainerTree(context(), container);
      },
      async host(directory) {
        const { openHostTree } = await import('./copy/copy-tree.ts');
        return openHostTree(context(), directory);
      },
    },

    sources: createSourcePort(locator.root),

    async listProcesses(container) {
      const instance = locator.find();
      const { listProcesses } = await import('./process/list-processes.ts');
      return instance ? listProcesses(instance.paths, container.id) : [];
    },

    async measure(container) {
      const instance = locator.find();
      const { measureContainer } = await import('./process/measure.ts');
      return instance && measureContainer(instance.paths, container);
    },

    async inspect(container) {
      const { inspectContainer } = await import('./inspect/inspect.ts');
      return inspectContainer(locator.preview().paths, container);
    },

    events: {
      async *read(request) {
        const { readEvents } = await import('./event/read-events.ts');
        yield* readEvents(locator.preview().paths.events, request);
      },
    },

    async *watch(containerId, signal) {
      const instance = locator.find();
      if (instance === undefined) return;
      const { watchContainer } = await import('./watch/watch-container.ts');
      yield* watchContainer(instance.paths, containerId, signal);
    },
  };
}

function imageOperations({
  locator,
  images,
  context,
}: EngineParts): Pick<Engine, 'images' | 'registry' | 'remote' | 'commit' | 'export'> {
  return {
    images: createImagePort({
      store: async () => (await images()).store(),
      paths: () => locator.find()?.paths,
    }),

    registry: createRegistryPort(),

    remote: createRemoteOperations(),

    async commit(container, request) {
      const { commitContainer } = await import('./image/container-image.ts');
      return commitContainer(context(), await images(), container, request);
    },

    async *export(container) {
      const { exportContainer } = await import('./image/container-image.ts');
      yield* exportContainer(context().instance.paths, await images(), container);
    },
  };
}

function buildOperations(parts: EngineParts): BuildPort {
  const load = async () => {
    requireRoot();
    const { createBuildPort } = await import('./build/build-operations.ts');
    return createBuildPort(parts);
  };
  return {
    build: async (order) => (await load()).build(order),
    check: async (order) => (await load()).check(order),
    async newerSource(...request) {
      const { findNewerSource } = await import('../build/solve/newer-source.ts');
      return findNewerSource(...request);
    },
  };
}

/** What is as it should be is found so without lock, addon or root. */
function decideNothing(locator: InstanceLocator, request: ExecuteRequest): ExecutionResult | undefined {
  const instance = locator.find();
  const snapshot = instance && observeInstance(instance.paths, request.project, request.model);
  if (instance && snapshot && needsSweep(instance.paths, snapshot.statuses)) return undefined;
  const plan = request.decide(snapshot?.state ?? emptyState(request.project));
  if (plan.nodes.length > 0) return undefined;
  request.on({ type: 'plan', plan });
  for (const warning of plan.warnings) request.on({ type: 'warning', warning });
  return { plan, created: new Map() };
}

function requireRoot(): void {
  if (process.getuid?.() === 0) return;
  throw new TcError('starting and stopping containers needs root', {
    code: 'needs-root',
    kind: 'environment',
    hints: ['run the command with sudo', '`config` and `version` work without'],
  });
}

function readHostFacts(native: Native): HostFacts {
  return observeHostFacts({
    read: (path) => unless(['ENOENT', 'ENOTDIR', 'EACCES'], () => readFileSync(path, 'utf8')),
    architecture: process.arch,
    hostname: hostname(),
    effectiveCapabilities: () => native.effectiveCapabilities(),
  });
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
