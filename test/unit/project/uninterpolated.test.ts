import { describe, expect, it } from 'vitest';
import type { FileReader } from '../../../src/project/file-reader.ts';
import type { LoadOptions } from '../../../src/project/load.ts';
import {
  formatUninterpolated as format,
  listVariables,
  loadUninterpolated,
} from '../../../src/project/uninterpolated.ts';
import { createMemoryReader } from '../../conformance/memory-reader.ts';

function options(...texts: string[]) {
  const files = new Map(texts.map((text, index) => [`/p/${index}.yaml`, text]));
  const reader = createMemoryReader(files);
  return [{ files: [...files.keys()], cwd: '/p', profiles: [], environment: {} }, reader] as const;
}

function formatUninterpolated(options: LoadOptions, reader: FileReader, output: 'yaml' | 'json') {
  const { project, warnings } = loadUninterpolated(options, reader);
  return { text: format(project, output), warnings };
}

describe('formatUninterpolated', () => {
  it('leaves variables as they stand, and everything that hangs on them', () => {
    const text = `services:
  web:
    image: nginx:\${TAG:-latest}
    ports: ["\${PORT}:80", "9000:90"]
    environment: ["A=\${X}", "B"]
    volumes: ["./src:/src:ro", "\${VOL}:/data"]
    cpus: "\${CPUS}"
    command: run $$X \${ME}
`;
    expect(formatUninterpolated(...options(text), 'yaml').text).toBe(
      `name: p
networks:
  default:
    name: p_default
services:
  web:
    command: run $$X \${ME}
    cpus: \${CPUS}
    environment:
      - A=\${X}
      - B
    image: nginx:\${TAG:-latest}
    networks:
      default: null
    ports:
      - \${PORT}:80
      - "9000:90"
    volumes:
      - bind:
          create_host_path: true
        read_only: true
        source: /p/src
        target: /src
        type: bind
      - source: \${VOL}
        target: /data
        type: volume
        volume: {}
`.replace('"9000:90"', '9000:90'),
    );
  });

  it('merges a list of variables with a mapping of them', () => {
    const one = 'services: {web: {image: x, environment: ["${A}=1", "B=1"]}}';
    const two = 'services: {web: {environment: {B: "2", C: }}}';
    const { services } = JSON.parse(formatUninterpolated(...options(one, two), 'json').text);
    expect(services.web.environment).toEqual(['${A}=1', 'B=2', 'C']);
  });

  it('merges names and values as lists, hosts too', () => {
    const one = 'services: {web: {image: x, environment: {A: 1, B: 1}, extra_hosts: {a: 1.1.1.1}}}';
    const two = 'services: {web: {environment: {B: "${B}"}, extra_hosts: ["b=1.1.1.2"]}}';
    const { web } = JSON.parse(formatUninterpolated(...options(one, two), 'json').text).services;
    expect(web.environment).toEqual(['A=1', 'B=${B}']);
    expect(web.extra_hosts).toEqual(['a=1.1.1.1', 'b=1.1.1.2']);
  });

  it('has no value of a secret', () => {
    const text = 'services: {web: {image: x, secrets: [s]}}\nsecrets: {s: {environment: SECRET}}';
    const [given, reader] = options(text);
    const output = formatUninterpolated({ ...given, environment: { SECRET: 'hidden' } }, reader, 'json').text;
    expect(output).not.toContain('hidden');
    expect(JSON.parse(output).secrets).toEqual({ s: { environment: 'SECRET', name: 'p_s' } });
  });

  it('resolves the paths of contexts and keys, of either form', () => {
    const build =
      '{context: ., additional_contexts: ["c=./c"], ssh: [default, "k=./id"], args: ["A=${A}", B]}';
    const { web } = JSON.parse(
      formatUninterpolated(...options(`services: {web: {build: ${build}}}`), 'json').text,
    ).services;
    expect(web.build).toMatchObject({
      additional_contexts: { c: '/p/c' },
      ssh: { default: null, k: '/p/id' },
    });
    expect(web.build.args).toEqual(['A=${A}']);
  });
});

describe('listVariables', () => {
  it('names each variable once, with what is said of it anywhere', () => {
    const text = `services:
  web:
    image: x:\${TAG:-latest}\${TAG}
    hostname: \${HOST:?must be set}\${A:+\${B-c}}
    command: [$PLAIN, $$NOT]
    labels: {"$KEY": "\${malformed"}
`;
    expect(listVariables(...options(text))).toEqual([
      { name: 'A', required: false, defaultValue: '', alternateValue: '${B-c}' },
      { name: 'B', required: false, defaultValue: 'c', alternateValue: '' },
      { name: 'HOST', required: true, defaultValue: '', alternateValue: '' },
      { name: 'PLAIN', required: false, defaultValue: '', alternateValue: '' },
      { name: 'TAG', required: false, defaultValue: 'latest', alternateValue: '' },
    ]);
  });
});
