// One request, from its solvers to an image in the store: one for each platform, side by side.

import { allOrFirst } from '../../base/async.ts';
import { TcError } from '../../base/error.ts';
import { type BuiltImage, type CommittedImage, chainOf, type LayerStack } from '../../image/build-store.ts';
import type { JsonObject } from '../../image/descriptor.ts';
import { choosePlatform, hostPlatform } from '../../image/platform.ts';
import { formatSteps } from '../../image/step-cache/steps-document.ts';
import { exportSteps, selectSteps } from '../cache/export-steps.ts';
import type { CheckFinding } from '../check/checks.ts';
import { composeDocument } from './image-document.ts';
import type { RequestSolvers } from './request-solvers.ts';
import type { StageSolver } from './stage-solver.ts';
import type { Workshop } from './workshop.ts';

export interface NamedImage extends CommittedImage {
  /** Of the request. */
  readonly name: string;
  /** Of the image that runs here, or else of the first. */
  readonly imageId: string;
}

export class ImageBuild {
  readonly #solvers: RequestSolvers;
  readonly #told = new Set<string>();

  constructor(solvers: RequestSolvers) {
    this.#solvers = solvers;
  }

  /** What the checks have found since the last time: once, however many platforms there are. */
  tellChecks(): readonly CheckFinding[] {
    const { request, wanted, workshop } = this.#solvers;
    const fresh = wanted
      .flatMap(({ checks }) => checks.findings)
      .filter(({ rule, message, at }) => {
        const key = JSON.stringify([rule, message, at.line]);
        const isFresh = !this.#told.has(key);
        this.#told.add(key);
        return isFresh;
      })
      .sort((a, b) => a.at.line - b.at.line);
    for (const finding of fresh) workshop.tell({ type: 'check', build: request.name, ...finding });
    return fresh;
  }

  async prepare(failure: AbortController): Promise<void> {
    const { wanted } = this.#solvers;
    await allOrFirst(
      wanted.map((solver) => solver.prepare()),
      failure,
    );
    const [first] = this.tellChecks();
    const areErrors = wanted.some(({ checks }) => checks.areErrors);
    if (!areErrors || first === undefined) return;
    throw new TcError(`${first.rule}: ${first.message}`, {
      code: 'build-check',
      source: first.at,
      hints: ['`# check=error=true` in the Dockerfile makes checks errors'],
    });
  }

  /** `failure`: aborted by the first platform that fails. */
  async commit(failure: AbortController): Promise<NamedImage> {
    const { request, wanted, workshop, cacheTo } = this.#solvers;
    const images = await allOrFirst(
      wanted.map((solver) => this.#solve(solver)),
      failure,
    );
    workshop.options.signal.throwIfAborted();
    const committed = await workshop.store.commit(images, request.tags);
    const chains = {
      image: new Set(images.flatMap(({ layers }) => chainOf(layers))),
      all: new Set(wanted.flatMap((solver) => [...solver.chains])),
    };
    await exportSteps(workshop, { name: request.name, ...chains }, cacheTo);
    const { entries } = committed;
    const imageId = (choosePlatform(entries, hostPlatform()) ?? entries[0])?.imageId ?? '';
    workshop.tell({ type: 'built', build: request.name, imageId, names: request.tags });
    return { name: request.name, imageId, ...committed };
  }

  async #solve(solver: StageSolver): Promise<BuiltImage> {
    const { cacheTo } = this.#solvers;
    const { request, platform, epoch, workshop } = solver;
    const { result, layers, layerOf } = await solver.solve();
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
}

function describeInline(workshop: Workshop, layers: LayerStack): JsonObject {
  const steps = selectSteps(workshop, new Set(chainOf(layers)));
  return formatSteps(
    steps,
    layers.map(({ descriptor }) => descriptor),
  );
}
