// Builds several images at once: all that can fail before anything runs first, then their steps side by side.

import { TcError } from '../../base/error.ts';
import type { BaseImage } from '../../image/build-store.ts';
import type { ImageEntry } from '../../image/content/image-index.ts';
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
    const solvers = await Promise.all(requests.map((request) => StageSolver.open(request, workshop)));
    const builds = new Map(solvers.map((solver) => [solver.request.name, new ImageBuild(solver)]));
    for (const [name, build] of builds) workshop.results.set(name, () => build.image());
    await allOrFirst(
      [...builds.values()].map((build) => build.prepare()),
      failure,
    );
    return await allOrFirst(
      [...builds.values()].map((build) => build.commit()),
      failure,
    );
  } finally {
    await workshop.close();
  }
}

/** The checks of Dockerfiles alone; nothing is built. */
export async function checkBuilds(requests: readonly BuildRequest[], options: BuildOptions): Promise<number> {
  const workshop = new Workshop({ ...options, signal: options.signal ?? new AbortController().signal });
  try {
    const solvers = await Promise.all(requests.map((request) => StageSolver.open(request, workshop)));
    let findings = 0;
    for (const solver of solvers) {
      await solver.prepare();
      tellChecks(solver);
      findings += solver.checks.findings.length;
    }
    return findings;
  } finally {
    await workshop.close();
  }
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

function tellChecks({ checks, request, workshop }: StageSolver): void {
  const sorted = [...checks.findings].sort((a, b) => a.at.line - b.at.line);
  for (const finding of sorted) workshop.tell({ type: 'check', build: request.name, ...finding });
}

class ImageBuild {
  readonly #solver: StageSolver;
  #image: Promise<BaseImage> | undefined;

  constructor(solver: StageSolver) {
    this.#solver = solver;
  }

  async prepare(): Promise<void> {
    await this.#solver.prepare();
    const { checks } = this.#solver;
    tellChecks(this.#solver);
    const [first] = checks.findings;
    if (!checks.areErrors || first === undefined) return;
    throw new TcError(`${first.rule}: ${first.message}`, {
      code: 'build-check',
      source: first.at,
      hints: ['`# check=error=true` in the Dockerfile makes checks errors'],
    });
  }

  /** The image as others build on it. */
  image(): Promise<BaseImage> {
    this.#image ??= this.#solve();
    return this.#image;
  }

  async #solve(): Promise<BaseImage> {
    const { request, platform, epoch } = this.#solver;
    const { result, layers, layerOf } = await this.#solver.solveTarget();
    const time = epoch === undefined ? undefined : new Date(epoch * 1000).toISOString();
    const document = composeDocument({
      result,
      layers,
      layerOf,
      labels: request.labels,
      platform,
      fallbackTime: time ?? new Date(0).toISOString(),
      ...(time && { epoch: time }),
    });
    return { document, layers, platform };
  }

  async commit(): Promise<BuiltEntry> {
    const { request, workshop } = this.#solver;
    const image = await this.image();
    workshop.options.signal.throwIfAborted();
    const entry = await workshop.store.commit({ ...image, names: request.tags });
    workshop.tell({ type: 'built', build: request.name, imageId: entry.imageId, names: request.tags });
    return { name: request.name, entry };
  }
}
