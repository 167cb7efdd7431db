// One request for all of its platforms: its Dockerfile is read once, its caches are asked once, and there is a solver for
// each platform, also for those that only other requests want it for. What the solvers share is done once, as the keys
// of steps know nothing of platforms but what is in the layers and variables.

import { TcError } from '../../base/error.ts';
import { choosePlatform, formatPlatform, hostPlatform, type Platform } from '../../image/platform.ts';
import type { StepPlace } from '../../image/step-cache/place.ts';
import { type CacheTarget, parseCacheFrom, parseCacheTo } from '../cache/cache-option.ts';
import type { ImportedSteps } from '../cache/imported-steps.ts';
import { listPlatforms } from '../platform/wanted.ts';
import type { BuildInput } from '../stage/build-input.ts';
import { locateContext } from './locate-context.ts';
import type { BuildRequest } from './request.ts';
import { type FoundDockerfile, readDockerfile } from './sources.ts';
import { StageSolver } from './stage-solver.ts';
import type { TargetSource } from './target.ts';
import type { Workshop } from './workshop.ts';

export class RequestSolvers implements TargetSource {
  readonly request: BuildRequest;
  readonly workshop: Workshop;
  readonly cacheTo: readonly CacheTarget[];
  /** Of the platforms that the image is to be for. */
  readonly wanted: readonly StageSolver[];
  readonly #cacheFrom: readonly StepPlace[];
  readonly #found: FoundDockerfile;
  readonly #isOneOfSeveral: boolean;
  readonly #others = new Map<string, StageSolver>();
  #importing: Promise<ImportedSteps | undefined> | undefined;

  static async open(asked: BuildRequest, workshop: Workshop): Promise<RequestSolvers> {
    const request = await locateContext(asked, workshop);
    return new RequestSolvers(request, workshop, await readDockerfile(request));
  }

  private constructor(request: BuildRequest, workshop: Workshop, found: FoundDockerfile) {
    this.request = request;
    this.workshop = workshop;
    this.#found = found;
    this.#cacheFrom = request.cacheFrom.map((text) => parseCacheFrom(text, request.directory));
    this.cacheTo = request.cacheTo.map((text) => parseCacheTo(text, request.directory));
    const platforms = listPlatforms(request.platforms);
    this.#isOneOfSeveral = platforms.length > 1;
    this.wanted = platforms.map((platform) => this.#makeSolver(platform));
  }

  #makeSolver(platform: Platform): StageSolver {
    const { request, workshop } = this;
    return new StageSolver({
      request,
      workshop,
      platform,
      input: describeInput(request, platform),
      found: this.#found,
      isOneOfSeveral: this.#isOneOfSeveral,
      importSteps: () => {
        this.#importing ??= this.#importSteps();
        return this.#importing;
      },
    });
  }

  /** For another request. One that names a single platform is the same for all; one that names none is made for each. */
  for(platform: Platform): StageSolver {
    const found = choosePlatform(this.wanted, platform);
    const [only] = this.wanted;
    const names = this.request.platforms ?? [];
    if (found) return found;
    if (only && this.wanted.length === 1 && names.length > 0) return only;
    if (names.length > 0) throw this.#refuse(platform);
    const key = formatPlatform(platform);
    const solver = this.#others.get(key) ?? this.#makeSolver(platform);
    this.#others.set(key, solver);
    return solver;
  }

  #refuse(platform: Platform): TcError {
    const { name } = this.request;
    const own = this.wanted.map((each) => formatPlatform(each.platform)).join(', ');
    return new TcError(
      `the image of ${name} is wanted for ${formatPlatform(platform)}, and built for ${own}`,
      {
        code: 'build-platform',
        hints: [`add it to build.platforms of ${name}`],
      },
    );
  }

  async #importSteps(): Promise<ImportedSteps | undefined> {
    if (this.#cacheFrom.length === 0 || this.request.noCache === 'all') return undefined;
    const { ImportedSteps } = await import('../cache/imported-steps.ts');
    const imported = await ImportedSteps.open(this.workshop, this.request.name, this.#cacheFrom);
    this.workshop.atEnd(() => imported.close());
    return imported;
  }
}

function describeInput(request: BuildRequest, platform: Platform): BuildInput {
  const { args, namedContexts, network, labels, target } = request;
  return {
    args,
    platform,
    buildPlatform: hostPlatform(),
    namedContexts: new Set(Object.keys(namedContexts)),
    network,
    labels,
    ...(target === undefined ? {} : { target }),
  };
}
