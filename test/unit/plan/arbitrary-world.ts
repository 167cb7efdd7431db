// Projects and what runs of them, at random: services that share, depend, scale, move ports and addresses, and containers
// of what those services once were, whole or left by interrupted commands.

import fc from 'fast-check';
import type { UpOptions } from '../../../src/plan/up-options.ts';
import type { ContainerWords, ServiceWords, WorldWords } from './world.ts';

const names = ['a', 'b', 'c', 'd', 'e'] as const;
type Name = (typeof names)[number];

/** What a service may be; what does not go together is sorted out by `toServices`. */
const draft = fc.record({
  image: fc.constantFrom('one', 'two'),
  scale: fc.constantFrom(1, 1, 1, 2, 3, 0),
  depends_on: fc.dictionary(
    fc.constantFrom(...names),
    fc.record({ condition: fc.constantFrom('started', 'healthy'), restart: fc.boolean() }),
    { maxKeys: 2 },
  ),
  shares: fc.option(fc.constantFrom(...names), { nil: undefined, freq: 4 }),
  mode: fc.constantFrom('network_mode', 'pid', 'ipc'),
  address: fc.option(fc.constantFrom('10.0.0.1', '10.0.0.2', '10.0.0.3'), { nil: undefined, freq: 3 }),
  network: fc.constantFrom('default', 'front'),
  volume: fc.option(fc.constantFrom('data', 'cache'), { nil: undefined }),
  port: fc.option(fc.constantFrom('80', '81'), { nil: undefined, freq: 3 }),
  isJob: fc.constantFrom(false, false, false, true),
  update: fc.option(
    fc.record({
      order: fc.constantFrom('start-first', 'stop-first'),
      parallelism: fc.constantFrom(0, 1, 2),
    }),
    { nil: undefined, freq: 2 },
  ),
});
type Draft = typeof draft extends fc.Arbitrary<infer T> ? T : never;
type Drafts = Record<Name, Draft>;

const drafts: fc.Arbitrary<Drafts> = fc.record({ a: draft, b: draft, c: draft, d: draft, e: draft });

/** Dependencies go back in the alphabet, so there is no cycle; all wait for the end of a job; jobs serve nobody else. */
function toServices(all: Drafts): Record<string, ServiceWords> {
  const sources = new Map(names.map((name, at) => [name, sourceOf(name, at, all)]));
  const taken = { address: new Set<string>(), port: new Set<string>() };
  const words = names.map((name, at): [string, ServiceWords] => {
    const { image, isJob, ...rest } = all[name];
    const isSource = [...sources.values()].includes(name);
    const scale = isJob || isSource ? Math.max(1, isJob ? 1 : rest.scale) : rest.scale;
    const address = scale === 1 ? takeOnce(rest.address, taken.address) : undefined;
    return [
      name,
      {
        image,
        scale,
        healthcheck: true,
        tcompose: { once: isJob },
        ...(rest.update && { deploy: { update_config: rest.update } }),
        depends_on: toDependencies(rest.depends_on, at, all),
        ...toNetworking(rest, sources.get(name), address),
        ...toStorageAndPorts(rest.volume, takeOnce(rest.port, taken.port)),
      },
    ];
  });
  return Object.fromEntries(words);
}

function toNetworking(
  { mode, network }: Pick<Draft, 'mode' | 'network'>,
  source: Name | undefined,
  address: string | undefined,
): ServiceWords {
  const shared = source === undefined ? {} : { [mode]: `service:${source}` };
  if (source !== undefined && mode === 'network_mode') return shared;
  return { ...shared, networks: { [network]: address === undefined ? null : { ipv4_address: address } } };
}

function toStorageAndPorts(volume: string | undefined, published: string | undefined): ServiceWords {
  return {
    volumes: volume === undefined ? [] : [`${volume}:/data`],
    ports: published === undefined ? [] : [{ mode: 'ingress', target: 80, published, protocol: 'tcp' }],
  };
}

function sourceOf(name: Name, at: number, all: Drafts): Name | undefined {
  const { shares } = all[name];
  if (shares === undefined || names.indexOf(shares) >= at || all[shares].isJob) return undefined;
  return shares;
}

function toDependencies(
  on: Draft['depends_on'],
  at: number,
  all: Drafts,
): NonNullable<ServiceWords['depends_on']> {
  const earlier = Object.entries(on).filter(([name]) => names.indexOf(name as Name) < at);
  return Object.fromEntries(
    earlier.map(([name, { condition, restart }]) => {
      const isJob = all[name as Name].isJob;
      const wanted = condition === 'healthy' ? 'service_healthy' : 'service_started';
      return [name, { condition: isJob ? 'service_completed_successfully' : wanted, restart } as const];
    }),
  );
}

function takeOnce(value: string | undefined, taken: Set<string>): string | undefined {
  if (value === undefined || taken.has(value)) return undefined;
  taken.add(value);
  return value;
}

const observed = fc.record({
  state: fc.constantFrom(
    'running',
    'running',
    'running',
    'exited',
    'created',
    'creating',
    'removing',
    'dead',
  ),
  healthy: fc.boolean(),
  exit: fc.constantFrom(0, 1),
});

/** What runs is of services as they once were. */
const world: fc.Arbitrary<WorldWords> = fc
  .record({
    now: drafts,
    before: drafts,
    isUnchanged: fc.boolean(),
    containers: fc.dictionary(
      fc
        .tuple(fc.constantFrom(...names, 'old'), fc.integer({ min: 1, max: 3 }))
        .map(([name, n]) => `${name}-${n}`),
      observed,
      { maxKeys: 7 },
    ),
    front: fc.boolean(),
  })
  .map(({ before: drafted, containers, front, isUnchanged, now }) => {
    const before = toServices(isUnchanged ? now : drafted);
    return {
      services: toServices(now),
      networks: { default: null, front: null },
      volumes: { data: null, cache: null },
      containers: Object.fromEntries(
        Object.entries(containers)
          .filter(([key]) => isPossible(key, before))
          .map(([key, words]) => [key, toContainer(key, words, before)]),
      ),
      ...(front ? { there: { networks: { demo_front: { internal: true } } } } : {}),
    };
  });

/** Only one container has a fixed address. */
function isPossible(key: string, before: Record<string, ServiceWords>): boolean {
  const networks = before[key.slice(0, -2)]?.networks ?? {};
  return key.endsWith('-1') || Object.values(networks).every((settings) => !settings?.ipv4_address);
}

/** What a command on some services finds of the others: one container each, and it runs. */
function withoutOddities(words: WorldWords): WorldWords {
  const running = Object.entries(words.containers ?? {})
    .filter(([key]) => key.endsWith('-1'))
    .map(([key, container]) => [key, { ...(container as ContainerWords), state: 'running' }]);
  return { ...words, containers: Object.fromEntries(running) };
}

function toContainer(
  key: string,
  { exit, healthy, state }: { exit: number; healthy: boolean; state: string },
  before: Record<string, ServiceWords>,
): ContainerWords {
  // An orphan was once something, too.
  const past = before[key.slice(0, -2)] ?? before['e'] ?? {};
  // `null` takes back what the service says today.
  const absent = {
    network_mode: null,
    pid: null,
    ipc: null,
    volumes: [],
    ports: [],
  } as unknown as ServiceWords;
  return {
    state: state as NonNullable<ContainerWords['state']>,
    ...(state === 'running' ? { health: healthy ? ('healthy' as const) : ('starting' as const) } : {}),
    ...(state === 'exited' ? { exit } : {}),
    was: { ...absent, ...past, ...(past.networks ? {} : { networks: null as never }) },
  };
}

/** Orphans go, so that nobody is left in a network that has to be replaced. */
const options: fc.Arbitrary<UpOptions> = fc
  .record({
    wait: fc.boolean(),
    services: fc.oneof(fc.constant([]), fc.subarray([...names], { minLength: 1 })),
  })
  .map((chosen) => ({ ...chosen, removeOrphans: true }));

/** What there is and is wanted, and the options of an `up`. */
export const scenario = fc.tuple(world, options).map(([words, with_]): [WorldWords, UpOptions] => {
  return [with_.services?.length ? withoutOddities(words) : words, with_];
});
