// Builds several images at once: all that can fail before anything runs first, then their steps side by side.

import { allOrFirst } from '../../base/async.ts';
import { TcError } from '../../base/error.ts';
import { formatPlace } from '../../image/step-cache/place.ts';
import { ImageBuild, type NamedImage } from './image-build.ts';
import type { BuildRequest } from './request.ts';
import { RequestSolvers } from './request-solvers.ts';
import { Workshop, type WorkshopOptions } from './workshop.ts';

export interface BuildOptions extends Omit<WorkshopOptions, 'signal'> {
  readonly signal?: AbortSignal;
}

/** The first failure ends all of it; what was made by then is kept for the next time. */
export async function buildImages(
  requests: readonly BuildRequest[],
  options: BuildOptions,
): Promise<readonly NamedImage[]> {
  const failure = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, failure.signal]) : failure.signal;
  const workshop = new Workshop({ ...options, signal });
  try {
    const builds = (await openAll(requests, workshop)).map((solvers) => new ImageBuild(solvers));
    await allOrFirst(
      builds.map((build) => build.prepare(failure)),
      failure,
    );
    return await allOrFirst(
      builds.map((build) => build.commit(failure)),
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
  const signal = options.signal ?? new AbortController().signal;
  const workshop = new Workshop({ ...options, signal, onlyChecks: true });
  try {
    let findings = 0;
    for (const solvers of await openAll(requests, workshop)) {
      const build = new ImageBuild(solvers);
      await Promise.all(solvers.wanted.map((solver) => solver.prepareEvery()));
      findings += build.tellChecks().length;
    }
    return findings;
  } finally {
    await workshop.close();
  }
}

async function openAll(requests: readonly BuildRequest[], workshop: Workshop): Promise<RequestSolvers[]> {
  refuseCircle(requests);
  const all = await Promise.all(requests.map((request) => RequestSolvers.open(request, workshop)));
  refuseSharedCache(all);
  for (const solvers of all) workshop.targets.set(solvers.request.name, solvers);
  return all;
}

/** Of two caches at one place the second would replace the first. */
function refuseSharedCache(solvers: readonly RequestSolvers[]): void {
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
