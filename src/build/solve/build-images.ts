// Builds several images at once: all that can fail before anything runs first, then their steps side by side.

import { TcError } from '../../base/error.ts';
import { type BuiltImage, chainOf, type LayerStack } from '../../image/build-store.ts';
import type { ImageEntry } from '../../image/content/image-index.ts';
import type { JsonObject } from '../../image/descriptor.ts';
import { formatPlace } from '../../image/step-cache/place.ts';
import { formatSteps } from '../../image/step-cache/steps-document.ts';
import { exportSteps, selectSteps } from '../cache/export-steps.ts';
import { composeDocument } from './image-document.ts';
import type { BuildRequest } from './request.ts';
import { StageSolver } from './stage-solver.ts';
import { Workshop, type WorkshopOptions } from './workshop.ts';

export interface BuiltEntry {
  /** Of the request. */
  readonly name: string;
  readonly entry: ImageEntry;
}

export interface BuildOptions extends Omit<WorkshopOptions, 'signal'> {
  readonly signal?: AbortSignal;
}

/** The first failure ends all of it; what was made by then is kept for the next time. */
export async function buildImages(
  requests: readonly BuildRequest[],
  options: BuildOptions,
): Promise<readonly BuiltEntry[]> {
  const failure = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, failure.signal]) : failure.signal;
  const workshop = new Workshop({ ...options, signal });
  try {
    const solvers = await openAll(requests, workshop);
    const builds = solvers.map((solver) => new ImageBuild(solver));
    await allOrFirst(
      builds.map((build) => build.prepare()),
      failure,
    );
    return await allOrFirst(
      builds.map((build) => build.commit()),
      failure,
    );
  } catch (error) {
    throw workshop.store.describe(error);
  } finally {
    await workshop.close();
  }
}

/** The checks of Dockerfiles alone; nothing is built. */
export async function checkBuilds(requests: readonly BuildRequest[], options: BuildOptions): Promise<number> {
  const workshop = new Workshop({ ...options, signal: options.signal ?? new AbortController().signal });
  try {
    const solvers = await openAll(requests, workshop);
    let findings = 0;
    for (const solver of solvers) {
      await solver.prepareEvery();
      new ImageBuild(solver).tellChecks();
      findings += solver.checks.findings.length;
    }
    return findings;
  } finally {
    await workshop.close();
  }
}

async function openAll(requests: readonly BuildRequest[], workshop: Workshop): Promise<StageSolver[]> {
  refuseCircle(requests);
  const solvers = await Promise.all(requests.map((request) => StageSolver.open(request, workshop)));
  refuseSharedCache(solvers);
  for (const solver of solvers) workshop.targets.set(solver.request.name, solver);
  return solvers;
}

/** Of two caches at one place the second would replace the first. */
function refuseSharedCache(solvers: readonly StageSolver[]): void {
  const owners = new Map<string, string>();
  for (const { cacheTo, request } of solvers) {
    for (const target of cacheTo) {
      if (target.kind === 'inline') continue;
      const place = formatPlace(target.place);
      const other = owners.get(place);
      if (other !== undefined) {
        throw new TcError(`${other} and ${request.name} would put their caches in one place: ${place}`, {
          code: 'build-cache',
          hints: ['give each service a `cache_to` of its own'],
        });
      }
      owners.set(place, request.name);
    }
  }
}

/** Contexts `service:name` that lead back to where they began. */
function refuseCircle(requests: readonly BuildRequest[]): void {
  const byName = new Map(requests.map((request) => [request.name, request]));
  const visit = (name: string, trail: readonly string[]): void => {
    if (trail.includes(name)) {
      const circle = [...trail.slice(trail.indexOf(name)), name].join(' -> ');
      throw new TcError(`the builds need each other: ${circle}`, { code: 'build-circle' });
    }
    for (const context of Object.values(byName.get(name)?.namedContexts ?? {})) {
      const [, other] = /^(?:service|target):(.*)$/.exec(context) ?? [];
      if (other !== undefined) visit(other, [...trail, name]);
    }
  };
  for (const { name } of requests) visit(name, []);
}

/** Waits for all, also after one has failed: nothing may go on behind the caller's back. */
async function allOrFirst<T>(work: readonly Promise<T>[], failure: AbortController): Promise<T[]> {
  let first: { readonly error: unknown } | undefined;
  const results = await Promise.all(
    work.map((each) =>
      each.catch((error: unknown) => {
        first ??= { error };
        failure.abort(error);
        return undefined as T;
      }),
    ),
  );
  if (first) throw first.error;
  return results;
}

class ImageBuild {
  readonly #solver: StageSolver;

  /** How many findings were told. */
  #told = 0;

  constructor(solver: StageSolver) {
    this.#solver = solver;
  }

  /** What the checks have found since the last time. */
  tellChecks(): void {
    const { checks, request, workshop } = this.#solver;
    const found = checks.findings.slice(this.#told).sort((a, b) => a.at.line - b.at.line);
    this.#told = checks.findings.length;
    for (const finding of found) workshop.tell({ type: 'check', build: request.name, ...finding });
  }

  async prepare(): Promise<void> {
    await this.#solver.prepare();
    const { checks } = this.#solver;
    this.tellChecks();
    const [first] = checks.findings;
    if (!checks.areErrors || first === undefined) return;
    throw new TcError(`${first.rule}: ${first.message}`, {
      code: 'build-check',
      source: first.at,
      hints: ['`# check=error=true` in the Dockerfile makes checks errors'],
    });
  }

  async #solve(): Promise<Omit<BuiltImage, 'names'>> {
    const { request, platform, epoch, cacheTo, workshop } = this.#solver;
    const { result, layers, layerOf } = await this.#solver.solve();
    this.tellChecks();
    const time = epoch === undefined ? undefined : new Date(epoch * 1000).toISOString();
    const document = composeDocument({
      result,
      layers,
      layerOf,
      labels: request.labels,
      platform,
      fallbackTime: time ?? new Date(0).toISOString(),
      ...(time && { epoch: time }),
      ...(cacheTo.some(({ kind }) => kind === 'inline') && { steps: describeInline(workshop, layers) }),
    });
    return { document, layers, platform };
  }

  async commit(): Promise<BuiltEntry> {
    const { request, workshop } = this.#solver;
    const image = await this.#solve();
    workshop.options.signal.throwIfAborted();
    const entry = await workshop.store.commit({ ...image, names: request.tags });
    const chains = { image: new Set(chainOf(image.layers)), all: this.#solver.chains };
    await exportSteps(workshop, { name: request.name, ...chains }, this.#solver.cacheTo);
    workshop.tell({ type: 'built', build: request.name, imageId: entry.imageId, names: request.tags });
    return { name: request.name, entry };
  }
}

function describeInline(workshop: Workshop, layers: LayerStack): JsonObject {
  const steps = selectSteps(workshop, new Set(chainOf(layers)));
  return formatSteps(
    steps,
    layers.map(({ descriptor }) => descriptor),
  );
}
