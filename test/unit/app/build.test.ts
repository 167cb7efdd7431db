// Which images `build` and `up` ask the engine for.

import { describe, expect, it } from 'vitest';
import { build, buildForUp } from '../../../src/app/build.ts';
import { loadModel } from '../../../src/app/project.ts';
import type { BuildRequest, Engine } from '../../../src/engine/ports.ts';
import { createScenario } from './scenario.ts';

const compose = `
name: demo
services:
  plain: {build: plain}
  base: {build: {context: base, secrets: [key]}}
  gated:
    profiles: [tools]
    build:
      context: gated
      additional_contexts: {base: "service:base"}
      secrets: [token]
    depends_on: [needed]
  needed: {profiles: [tools], build: needed}
secrets:
  token: {environment: TOKEN}
  key: {environment: KEY}
`;

const nothing = {
  withDependencies: false,
  push: false,
  check: false,
  args: [],
  noCache: false,
  pull: false,
  ssh: [],
};

/** An engine that has no image and keeps what it is asked to build. */
function watchBuilds() {
  const requests: BuildRequest[] = [];
  const engine = {
    builds: {
      build: (order: { readonly requests: readonly BuildRequest[] }) => {
        requests.push(...order.requests);
        return Promise.resolve(new Map());
      },
    },
  } as unknown as Engine;
  const { context } = createScenario(compose, { engine: () => Promise.resolve(engine) });
  return { context, requests, names: () => requests.map(({ name }) => name).sort() };
}

const secretsOf = (requests: readonly BuildRequest[]) =>
  Object.fromEntries(requests.map(({ name, secrets }) => [name, Object.keys(secrets)]));

describe('build', () => {
  it('builds what no profile holds back', async () => {
    const { context, names } = watchBuilds();
    await build(context, { ...nothing, services: [] });
    expect(names()).toEqual(['base', 'plain']);
  });

  it('builds a named service whatever its profile, what its build takes of others, and with their secrets', async () => {
    const { context, names, requests } = watchBuilds();
    await build(context, { ...nothing, services: ['gated'] });
    expect(names()).toEqual(['base', 'gated']);
    expect(secretsOf(requests)).toEqual({ base: ['key'], gated: ['token'] });
  });

  it('builds with it what it depends on, if asked', async () => {
    const { context, names } = watchBuilds();
    await build(context, { ...nothing, services: ['gated'], withDependencies: true });
    expect(names()).toEqual(['base', 'gated', 'needed']);
  });

  it('fails for a name that is no service', async () => {
    const { context, requests } = watchBuilds();
    const refused = build(context, { ...nothing, services: ['gate'] });
    await expect(refused).rejects.toMatchObject({ message: 'no such service: gate' });
    expect(requests).toEqual([]);
  });
});

describe('up', () => {
  it('builds a named service with what its build takes of others, and with their secrets', async () => {
    const { context, names, requests } = watchBuilds();
    const options = { services: ['gated'], noDeps: true };
    await buildForUp(context, loadModel(context, { services: options.services }), options, 'always');
    expect(names()).toEqual(['base', 'gated']);
    expect(secretsOf(requests)).toEqual({ base: ['key'], gated: ['token'] });
  });
});
