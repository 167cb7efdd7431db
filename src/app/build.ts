// build: images of services from their Dockerfiles; and, for `up`, those that are missing.

import { writeFile } from 'node:fs/promises';
import { TcError } from '../base/error.ts';
import type { BuildEvent, BuildRequest, Engine, NamedImage } from '../engine/ports.ts';
import { selectServices } from '../plan/selection.ts';
import type { UpOptions } from '../plan/up-options.ts';
import type { ProjectModel } from '../project/model.ts';
import type { BuildConfig, ServiceConfig } from '../project/service-config.ts';
import { formatBake } from './bake.ts';
import {
  type BuildOutput,
  requireFormat,
  requireOneService,
  type WriteBytes,
  writeOutput,
} from './build-output.ts';
import { type BuildChanges, imageNameOf, listUnused, platformOf, toBuildRequest } from './build-request.ts';
import { applySettings, type BuildSettings, noSettings } from './build-settings.ts';
import type { AppContext } from './context.ts';
import { loadModel } from './project.ts';

export interface BuildOptions extends Omit<BuildChanges, 'environment'> {
  /** Default: all that have a `build:`. */
  readonly services: readonly string[];
  /** What the services depend on is built too. */
  readonly withDependencies: boolean;
  /** Those that `image:` gives a name, when all are built. */
  readonly push: boolean;
  /** Nothing is told of what is pushed. */
  readonly quiet: boolean;
  /** The checks of the Dockerfiles only. */
  readonly check: boolean;
  /** Of the one image. */
  readonly outputs: readonly BuildOutput[];
  readonly write: WriteBytes;
  readonly settings?: BuildSettings;
  /** Absolute: a file for the id of the one image. */
  readonly idFile?: string;
  /** Absolute: a file for what was built, as buildx writes it. */
  readonly metadataFile?: string;
}

type Buildable = ServiceConfig & { readonly build: BuildConfig };

export interface BuildOutcome {
  /** Of checks. */
  readonly findings: number;
  /** By services. */
  readonly built: ReadonlyMap<string, NamedImage>;
}

interface Wanted {
  readonly model: ProjectModel;
  /** Those that were asked for. */
  readonly asked: readonly Buildable[];
}

function selectBuilds(
  context: AppContext,
  { services, withDependencies }: Pick<BuildOptions, 'services' | 'withDependencies'>,
): Wanted {
  // Whole: images of services that are not asked for may be contexts of others.
  const model = loadModel(context, { services, allResources: true });
  const { named, selected } = selectServices(model, { services });
  const wanted = withDependencies || services.length === 0 ? selected : named;
  return { model, asked: [...wanted].flatMap((name) => model.services[name] ?? []).filter(isBuildable) };
}

/** What would be built, as a bake file. */
export function printBuild(context: AppContext, options: Omit<BuildOptions, 'outputs' | 'write'>): object {
  const { model, asked } = selectBuilds(context, options);
  const { environment } = context.selection;
  const all = withContexts(Object.values(model.services).filter(isBuildable), model);
  return formatBake(withContexts(asked, model), all, model, { ...options, environment });
}

export async function build(context: AppContext, options: BuildOptions): Promise<BuildOutcome> {
  const { model, asked } = selectBuilds(context, options);
  const { settings = noSettings, idFile } = options;
  requireOneService(
    asked.map(({ name }) => name),
    [
      ...options.outputs.map(() => '--output'),
      ...(settings.replaced.target === undefined ? [] : ['--target']),
      ...settings.added.tags.map(() => '--tag'),
      ...(idFile === undefined ? [] : ['--iidfile']),
    ],
  );
  const services = withContexts(asked, model);
  if (services.length === 0) {
    context.on({
      type: 'warning',
      warning: { code: 'nothing-to-build', message: 'no service has a `build:`' },
    });
  }
  warnOfUnused(context, services);
  const requests = describeAll(context, services, model, options).map((request) =>
    applySettings(
      request,
      settings,
      asked.some(({ name }) => name === request.name),
    ),
  );
  requireFormat(requests, options.outputs);
  const engine = await context.engine('change');
  const order = { requests, on: telling(context), signal: context.interrupted, ...parallel(context) };
  if (options.check) return { findings: await engine.builds.check(order), built: new Map() };
  const built = await engine.builds.build(order);
  for (const output of options.outputs) {
    for (const service of asked) {
      const platforms = (built.get(service.name)?.entries ?? []).map(({ platform }) => platform);
      const image = { name: imageNameOf(service, model), platforms };
      await writeOutput(engine, image, output, options.write);
    }
  }
  if (idFile !== undefined) await writeId(engine, asked, model, idFile);
  if (options.push) {
    const { pushBuilt } = await import('./push.ts');
    await pushBuilt(context, engine, services, options);
  }
  if (options.metadataFile !== undefined) {
    const { writeMetadata } = await import('./build-metadata.ts');
    await writeMetadata(options.metadataFile, built);
  }
  return { findings: 0, built };
}

/** As buildx: the id and nothing else. */
async function writeId(
  engine: Engine,
  services: readonly Buildable[],
  model: ProjectModel,
  file: string,
): Promise<void> {
  for (const service of services) {
    const { imageId } = await engine.images.inspect(imageNameOf(service, model));
    await writeFile(file, imageId);
  }
}

function parallel({ parallel }: AppContext): { parallel?: number } {
  return parallel === undefined ? {} : { parallel };
}

function isBuildable(service: ServiceConfig): service is Buildable {
  return service.build !== undefined;
}

/** With the services whose images are contexts of others; those are built also when nobody asked for them. */
function withContexts(services: readonly Buildable[], model: ProjectModel): Buildable[] {
  const all = new Map<string, Buildable>();
  const visit = (service: Buildable): void => {
    if (all.has(service.name)) return;
    all.set(service.name, service);
    for (const name of listContextServices(service)) {
      const other = model.services[name] ?? model.disabledServices[name];
      if (other && isBuildable(other)) visit(other);
    }
  };
  services.forEach(visit);
  return [...all.values()];
}

/** `additional_contexts: {base: "service:other"}`. */
function listContextServices({ build }: Buildable): string[] {
  const contexts = (build['additional_contexts'] ?? {}) as Readonly<Record<string, string>>;
  return Object.values(contexts).flatMap((context) => /^service:(.*)$/.exec(context)?.slice(1) ?? []);
}

function describeAll(
  context: AppContext,
  services: readonly Buildable[],
  model: ProjectModel,
  changes: Omit<BuildChanges, 'environment'>,
): BuildRequest[] {
  const { environment } = context.selection;
  return services.map((service) => toBuildRequest(service, model, { ...changes, environment }));
}

function warnOfUnused(context: AppContext, services: readonly Buildable[]): void {
  for (const service of services) {
    for (const key of listUnused(service)) {
      const message = `service ${service.name}: build.${key} has no effect yet`;
      context.on({ type: 'warning', warning: { code: 'build-unused', message } });
    }
  }
}

/** Findings of checks are warnings; the rest is progress. */
function telling(context: AppContext): (event: BuildEvent) => void {
  return (event) => {
    if (event.type !== 'check') {
      context.on({ type: 'build', event });
      return;
    }
    const { rule, message, at } = event;
    context.on({
      type: 'warning',
      warning: { code: 'build-check', message: `${rule}: ${message}`, source: at },
    });
  };
}

/** `always`: those that are here are built again. */
export type BuildWish = 'always' | 'missing' | 'never';

/** Before an `up`: the images of its services that are to be built. Nothing happens to those that are here. */
export async function buildForUp(
  context: AppContext,
  model: ProjectModel,
  options: UpOptions,
  wish: BuildWish,
): Promise<void> {
  const { selected } = selectServices(model, options);
  const candidates = [...selected].flatMap((name) => model.services[name] ?? []).filter(isBuildable);
  if (candidates.length === 0 || context.dryRun) return;
  const engine = await context.engine('change');
  const wanted: Buildable[] = [];
  for (const service of candidates) {
    if (await isWanted(context, engine, service, model, wish)) wanted.push(service);
    else if (wish === 'missing') await noteNewerSource(context, engine, service, model);
  }
  if (wanted.length === 0) return;
  const changes = {
    ...{ args: [], noCache: false, pull: false, ssh: [], cacheFrom: [], cacheTo: [] },
    onlyToRun: true,
  };
  // The model of an `up` lacks the secrets of services that it does not start.
  const whole = loadModel(context, { allResources: true });
  const requests = describeAll(context, withContexts(wanted, whole), whole, changes);
  await engine.builds.build({
    requests,
    on: telling(context),
    signal: context.interrupted,
    ...parallel(context),
  });
}

/** An image is not built again because its sources have changed; whoever expects that is told. */
async function noteNewerSource(
  context: AppContext,
  engine: Engine,
  { build, name, ...service }: Buildable,
  model: ProjectModel,
): Promise<void> {
  if (build.context === undefined || build.dockerfile_inline !== undefined) return;
  const { tagged } = await engine.images.inspect(imageNameOf({ ...service, name }, model));
  const request = { context: build.context, dockerfile: { path: build.dockerfile ?? 'Dockerfile' } };
  const newer = await engine.builds.newerSource(request, Date.parse(tagged), model.configFiles);
  if (newer === undefined) return;
  context.on({
    type: 'warning',
    warning: {
      code: 'image-older',
      message: `service ${name}: ${newer} is newer than the image`,
      hint: 'it is built again with --build',
    },
  });
}

async function isWanted(
  context: AppContext,
  engine: Engine,
  service: Buildable,
  model: ProjectModel,
  wish: BuildWish,
): Promise<boolean> {
  if (wish === 'always') return true;
  if (wish === 'missing' && service.pull_policy === 'build') return true;
  const image = imageNameOf(service, model);
  // One for another platform is not the one that is to run.
  const platform = platformOf(service, context.selection.environment) ?? 'linux';
  const isHere = await engine.images.inspect(image, platform).then(
    () => true,
    (error: unknown) => {
      if (error instanceof TcError && ['no-such-image', 'no-such-platform'].includes(error.code))
        return false;
      throw error;
    },
  );
  if (isHere) return false;
  if (wish === 'missing') return true;
  throw new TcError(
    `service ${service.name}: image ${image} is not here, and --no-build forbids to build it`,
    {
      code: 'no-such-image',
      hints: [`build it: tcompose build ${service.name}`],
    },
  );
}
