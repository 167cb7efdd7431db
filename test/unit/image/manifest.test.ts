import { describe, expect, it } from 'vitest';
import { parseImageConfiguration } from '../../../src/image/config.ts';
import { chainIds, type Digest } from '../../../src/image/digest.ts';
import { chooseManifest, type ImageIndex, parseManifest } from '../../../src/image/manifest.ts';
import {
  dockerConfig,
  dockerIndex,
  dockerLayer,
  dockerManifest,
  ociConfig,
  ociIndex,
  ociLayer,
  ociManifest,
} from '../../../src/image/media-type.ts';
import { parsePlatform } from '../../../src/image/platform.ts';

const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
const config = { mediaType: ociConfig, digest: digest('c'), size: 10 };
const layer = { mediaType: `${ociLayer}+gzip`, digest: digest('a'), size: 20 };
const manifest = { schemaVersion: 2, mediaType: ociManifest, config, layers: [layer] };
const member = {
  mediaType: ociManifest,
  digest: digest('d'),
  size: 30,
  platform: { os: 'linux', architecture: 'amd64' },
};
const index = { schemaVersion: 2, mediaType: ociIndex, manifests: [member] };

const parse = (value: unknown, mediaType?: string) =>
  parseManifest(
    Buffer.isBuffer(value) ? value : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)),
    'it',
    mediaType,
  );

describe('manifests and indexes', () => {
  it('OCI', () => {
    expect(parse(manifest, ociManifest)).toMatchObject({ kind: 'manifest', config, layers: [layer] });
    expect(parse(index, ociIndex)).toMatchObject({ kind: 'index' });
  });

  it('Docker schema 2', () => {
    const docker = {
      schemaVersion: 2,
      mediaType: dockerManifest,
      config: { ...config, mediaType: dockerConfig },
      layers: [{ ...layer, mediaType: `${dockerLayer}.gzip` }],
    };
    expect(parse(docker, dockerManifest)).toMatchObject({ kind: 'manifest', mediaType: dockerManifest });
    expect(parse({ ...index, mediaType: dockerIndex }, dockerIndex)).toMatchObject({ kind: 'index' });
  });

  it('without a mediaType of its own, by its members and what it was announced as', () => {
    const { mediaType: _, ...bare } = manifest;
    expect(parse(bare)).toMatchObject({ mediaType: ociManifest });
    expect(parse(bare, dockerManifest)).toMatchObject({ mediaType: dockerManifest });
    expect(parse(bare, 'text/plain')).toMatchObject({ mediaType: ociManifest });
  });

  const refused: Record<string, [unknown, string?]> = {
    'an index that is a manifest too': [{ ...index, layers: [] }],
    'an index with a config': [{ ...index, config }],
    'a manifest announced as an index': [manifest, ociIndex],
    'an index announced as a manifest': [index, ociManifest],
    'a type of its own that contradicts the announced one': [manifest, dockerManifest],
    'a type of its own that contradicts its members': [{ ...manifest, mediaType: ociIndex }],
    'schema 1': [{ schemaVersion: 1, fsLayers: [] }],
    'schema 1 in disguise': [{ ...manifest, fsLayers: [] }],
    'schema 3': [{ ...manifest, schemaVersion: 3 }],
    'an artifact': [
      { ...manifest, config: { ...config, mediaType: 'application/vnd.cncf.helm.config.v1+json' } },
    ],
    'an artifact type': [{ ...manifest, mediaType: 'application/vnd.oci.artifact.manifest.v1+json' }],
    'a layer of another kind': [{ ...manifest, layers: [{ ...layer, mediaType: 'application/json' }] }],
    'an encrypted layer': [{ ...manifest, layers: [{ ...layer, mediaType: `${ociLayer}+gzip+encrypted` }] }],
    'no layers': [{ ...manifest, layers: undefined }],
    'layers that are no list': [{ ...manifest, layers: {} }],
    'a digest that is a path': [{ ...manifest, config: { ...config, digest: 'sha256:../../../etc/passwd' } }],
    'a digest in capitals': [{ ...manifest, config: { ...config, digest: digest('C') } }],
    'another algorithm': [{ ...manifest, config: { ...config, digest: `sha512:${'a'.repeat(128)}` } }],
    'a negative size': [{ ...manifest, layers: [{ ...layer, size: -1 }] }],
    'half a byte': [{ ...manifest, layers: [{ ...layer, size: 1.5 }] }],
    'a size as text': [{ ...manifest, layers: [{ ...layer, size: '20' }] }],
    'a size beyond counting': [{ ...manifest, layers: [{ ...layer, size: 2 ** 60 }] }],
    'no JSON': ['{'],
    'a list': [[]],
    null: [null],
    'text that is not UTF-8': [Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    'more than 4 MiB': [' '.repeat(4 * 1024 * 1024 + 1)],
  };
  for (const [name, [value, mediaType]] of Object.entries(refused)) {
    it(`refuses ${name}`, () => {
      expect(() => parse(value, mediaType)).toThrow(expect.objectContaining({ name: 'TcError' }));
    });
  }
});

describe('the choice in an index', () => {
  const amd64 = parsePlatform('linux/amd64');
  const choose = (manifests: unknown[]) =>
    chooseManifest(parse({ ...index, manifests }) as ImageIndex, amd64, 'it').digest;
  const on = (architecture: string, digit: string, more = {}) => ({
    ...member,
    digest: digest(digit),
    platform: { os: 'linux', architecture },
    ...more,
  });

  it('passes over other platforms and attestations', () => {
    const attestation = on('amd64', '1', {
      annotations: { 'vnd.docker.reference.type': 'attestation-manifest' },
    });
    expect(choose([on('arm64', '2'), attestation, on('amd64', '3')])).toBe(digest('3'));
  });
  it('takes an only member that says no platform', () => {
    expect(choose([{ ...member, platform: undefined }])).toBe(member.digest);
  });
  it('names the platforms there are', () => {
    expect(() => choose([on('arm64', '1'), on('s390x', '2')])).toThrow(
      expect.objectContaining({
        code: 'no-such-platform',
        hints: [expect.stringContaining('linux/arm64, linux/s390x')],
      }),
    );
  });
});

describe('image configs', () => {
  const parseConfig = (value: object) => parseImageConfiguration(Buffer.from(JSON.stringify(value)), 'it');
  const rootfs = { type: 'layers', diff_ids: [digest('1'), digest('2')] };

  it('keep what a container takes, and leave out the rest', () => {
    const parsed = parseConfig({
      architecture: 'amd64',
      os: 'linux',
      rootfs,
      created: '2020-01-01T00:00:00Z',
      config: {
        Env: ['A=b'],
        Entrypoint: null,
        Cmd: ['x'],
        ExposedPorts: { '80/tcp': {} },
        Labels: { ['__proto__']: 'data', a: 'b' },
        Healthcheck: { Test: ['CMD', 'y'], Interval: 5_000_000_000 },
        Domainname: 'unknown here',
      },
      history: [{ created_by: 'RUN x' }, { empty_layer: true }],
    });
    expect(parsed.config).toEqual({
      Env: ['A=b'],
      Cmd: ['x'],
      ExposedPorts: { '80/tcp': {} },
      Labels: { ['__proto__']: 'data', a: 'b' },
      Healthcheck: { Test: ['CMD', 'y'], Interval: 5_000_000_000 },
    });
    expect(parsed.history).toEqual([{ createdBy: 'RUN x', emptyLayer: false }, { emptyLayer: true }]);
  });

  it('may have neither config nor layers', () => {
    expect(parseConfig({ rootfs: { type: 'layers', diff_ids: null } })).toMatchObject({
      config: {},
      diffIds: [],
    });
  });

  const refused: Record<string, object> = {
    'no rootfs': {},
    'another rootfs': { rootfs: { type: 'squashfs' } },
    'a diff id that is a path': { rootfs: { type: 'layers', diff_ids: ['sha256:../x'] } },
    'an environment that is no list': { rootfs, config: { Env: 'A=b' } },
    'a command of numbers': { rootfs, config: { Cmd: [1] } },
    'labels that are no text': { rootfs, config: { Labels: { a: 1 } } },
    'a negative interval': { rootfs, config: { Healthcheck: { Interval: -1 } } },
  };
  for (const [name, value] of Object.entries(refused)) {
    it(`are refused with ${name}`, () => expect(() => parseConfig(value)).toThrow(/it: /));
  }
});

it('chain ids are those of the specification', () => {
  const [one, two, three] = ['1', '2', '3'].map((each) => digest(each) as Digest) as [Digest, Digest, Digest];
  // printf 'sha256:1… sha256:2…' | sha256sum, and again with the third
  expect(chainIds([one, two, three])).toEqual([
    one,
    'sha256:9932074217c35353d2e03a3f5a86549f7c67bfeb0ba53e23d69f4d4c8f7958f5',
    'sha256:50127c0d6b338be78246434b4bce23ecf75e505158ea0bbd15effeb162fbf3ec',
  ]);
  expect(chainIds([])).toEqual([]);
});
