// Which images `build` and `up` ask the engine for.

import { describe, expect, it } from 'vitest';
import { build, buildForUp } from '../../../src/app/build.ts';
import { loadModel } from '../../../src/app/project.ts';
import type { BuildRequest, Engine } from '../../../src/engine/ports.ts';
import type { OperationOptions } from '../../../src/image/store.ts';
import { createScenario } from './scenario.ts';

const compose = `
name: demo
services:
  plain: {build: plain}
  named: {image: "registry.lan/named:1", build: {context: named, tags: ["registry.lan/named:latest"]}}
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
  quiet: false,
  check: false,
  args: [],
  noCache: false,
  pull: false,
  ssh: [],
  cacheFrom: [],
  cacheTo: [],
  outputs: [],
  write: () => Promise.reject(new Error('nothing is written')),
};

/** An engine that has no image and keeps what it is asked to build. */
function watchBuilds(files = compose) {
  const requests: BuildRequest[] = [];
  const pushed: string[] = [];
  const engine = {
    images: {
      push: (name: string, { on }: OperationOptions) => {
        pushed.push(name);
        on?.({ type: 'started', reference: name, action: 'push' });
        return Promise.resolve();
      },
    },
    builds: {
      build: (order: { readonly requests: readonly BuildRequest[] }) => {
        requests.push(...order.requests);
        return Promise.resolve(new Map());
      },
    },
  } as unknown as Engine;
  const { context, events } = createScenario(files, { engine: () => Promise.resolve(engine) });
  return { context, events, pushed, requests, names: () => requests.map(({ name }) => name).sort() };
}

const secretsOf = (requests: readonly BuildRequest[]) =>
  Object.fromEntries(requests.map(({ name, secrets }) => [name, Object.keys(secrets)]));

describe('build', () => {
  it('builds what no profile holds back', async () => {
    const { context, names } = watchBuilds();
    await build(context, { ...nothing, services: [] });
    expect(names()).toEqual(['base', 'named', 'plain']);
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

  it('pushes what has a name, by each of its names, and shows it', async () => {
    const { context, events, pushed } = watchBuilds();
    await build(context, { ...nothing, services: [], push: true });
    const names = ['registry.lan/named:1', 'registry.lan/named:latest'];
    expect(pushed).toEqual(names);
    expect(events.flatMap((event) => (event.type === 'image' ? [event.image] : []))).toEqual(names);
  });

  it('is for the platforms of the command line', async () => {
    const { context, requests } = watchBuilds();
    await build(context, { ...nothing, services: ['plain'], platforms: ['linux/arm64', 'linux/s390x'] });
    expect(requests[0]?.platforms).toEqual(['linux/arm64', 'linux/s390x']);
  });

  it('fails for a name that is no service', async () => {
    const { context, requests } = watchBuilds();
    const refused = build(context, { ...nothing, services: ['gate'] });
    await expect(refused).rejects.toMatchObject({ message: 'no such service: gate' });
    expect(requests).toEqual([]);
  });
});

describe('up', () => {
  it('builds of several platforms the one that runs here', async () => {
    const { context, requests } = watchBuilds(
      'name: demo\nservices:\n  web: {build: {context: ., platforms: [linux/amd64, linux/arm64]}}\n',
    );
    await buildForUp(context, loadModel(context, {}), { services: [] }, 'always');
    expect(requests).toHaveLength(1);
    expect(requests[0]?.platforms).toBeUndefined();
  });

  it('builds a named service with what its build takes of others, and with their secrets', async () => {
    const { context, names, requests } = watchBuilds();
    const options = { services: ['gated'], noDeps: true };
    await buildForUp(context, loadModel(context, { services: options.services }), options, 'always');
    expect(names()).toEqual(['base', 'gated']);
    expect(secretsOf(requests)).toEqual({ base: ['key'], gated: ['token'] });
  });
});
