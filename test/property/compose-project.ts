// Arbitrary Compose projects, valid ones.

import fc from 'fast-check';

const word = fc.stringMatching(/^[a-z][a-z0-9]{0,6}$/);
/** Text with everything that YAML, JSON and interpolation treat specially, and no dollar sign. */
const text = fc
  .string({ unit: 'grapheme', maxLength: 12 })
  .map((value) => value.replaceAll('$', '').replace(/\r/g, ''));
/** Integers that no double holds exactly are text in a model. */
const exact = (_: string, value: unknown) =>
  Number.isInteger(value) && !Number.isSafeInteger(value) ? 0 : value;
const json = fc
  .jsonValue({ maxDepth: 2 })
  .map((value) => JSON.parse(JSON.stringify(value).replaceAll('$', ''), exact));
const path = fc.array(word, { minLength: 1, maxLength: 3 }).map((parts) => `/${parts.join('/')}`);
const port = fc.integer({ min: 1, max: 65535 });
const seconds = fc.integer({ min: 1, max: 10_000 }).map((value) => `${value}s`);
const bytes = fc.integer({ min: 1, max: 2 ** 40 });
const keyValues = fc.dictionary(word, fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null)), {
  maxKeys: 4,
});
const unique = <T>(item: fc.Arbitrary<T>) => fc.uniqueArray(item, { maxLength: 3 });

const mount = fc.oneof(
  path.map((target) => ({ type: 'volume', target })),
  fc.tuple(path, path, fc.boolean()).map(([source, target, ro]) => `${source}:${target}${ro ? ':ro' : ''}`),
  fc.tuple(path, bytes).map(([target, size]) => ({ type: 'tmpfs', target, tmpfs: { size } })),
);

const targetOf = (value: string | { target: string }) =>
  typeof value === 'string' ? value.split(':')[1] : value.target;

const service = fc.record(
  {
    image: word,
    command: fc.oneof(fc.constant(null), fc.array(text, { maxLength: 3 })),
    entrypoint: fc.array(text, { maxLength: 2 }),
    environment: keyValues,
    labels: keyValues,
    ports: unique(
      fc.oneof(
        port,
        fc.tuple(port, port).map(([a, b]) => `${a}:${b}`),
        port.map((target) => ({ target, protocol: 'udp' })),
      ),
    ),
    volumes: fc.uniqueArray(mount, { maxLength: 3, selector: targetOf }),
    cap_add: unique(word),
    security_opt: unique(text),
    dns: unique(fc.ipV4()),
    extra_hosts: fc.dictionary(word, fc.ipV4(), { maxKeys: 2 }),
    healthcheck: fc.record(
      {
        test: fc.array(text, { maxLength: 2 }).map((words) => ['CMD', ...words]),
        interval: seconds,
        retries: fc.nat(9),
      },
      { requiredKeys: [] },
    ),
    mem_limit: bytes,
    cpus: fc.integer({ min: 1, max: 400 }).map((value) => value / 100),
    stop_grace_period: seconds,
    ulimits: fc.record(
      { nofile: fc.nat(1000), core: fc.record({ soft: fc.nat(9), hard: fc.nat(9) }) },
      { requiredKeys: [] },
    ),
    deploy: fc.record(
      {
        replicas: fc.nat(3),
        labels: keyValues,
        resources: fc.record({ limits: fc.record({ pids: fc.integer({ min: 1, max: 9 }) }) }),
      },
      { requiredKeys: [] },
    ),
    logging: fc.record({ driver: word, options: fc.dictionary(word, text, { maxKeys: 2 }) }),
    networks: fc.constantFrom(['default'], { default: { aliases: ['a', 'b'], priority: 3 } }),
    profiles: unique(word),
    tty: fc.boolean(),
    init: fc.boolean(),
    user: text,
    hostname: word,
    sysctls: keyValues,
    'x-own': json,
    'x-tcompose': fc.record({ once: fc.boolean() }),
  },
  { requiredKeys: ['image'] },
);

/** Services of one project have names that start alike. */
export function project(prefix = 's') {
  const name = fc.stringMatching(/^[a-z0-9_.-]{0,5}$/).map((rest) => `${prefix}${rest}`);
  return fc.record({ services: fc.dictionary(name, service, { minKeys: 1, maxKeys: 3 }) });
}
