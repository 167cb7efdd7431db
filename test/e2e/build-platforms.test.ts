// Images for several platforms that are cross compiled, and where such an image goes from there.

import { execFileSync } from 'node:child_process';
import { copyFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { formatPlatform, hostPlatform } from '../../src/image/platform.ts';
import { RegistryServer } from '../native/image/registry-server.ts';
import { Sandbox } from '../native/image/sandbox.ts';
import { stepsOf } from './build-steps.ts';
import { runBeside } from './registry-scene.ts';
import { type Outcome, Scenario } from './scenario.ts';

const here = formatPlatform(hostPlatform());
const [, hereArch = ''] = here.split('/');
/** One that no Debian machine emulates unless it is told to. */
const foreign = 'linux/s390x';
const both = `[${here}, ${foreign}]`;

const tools = `FROM --platform=$BUILDPLATFORM scratch AS tools
COPY busybox /bin/busybox
RUN ["/bin/busybox", "--install", "-s", "/bin"]
ENV PATH=/bin
`;

const crossCompiled = `${tools}
FROM tools AS shared
RUN cat /proc/sys/kernel/random/uuid > /once

FROM shared AS compile
ARG TARGETPLATFORM
ARG TARGETOS
ARG TARGETARCH
ARG BUILDPLATFORM
RUN echo "$TARGETPLATFORM $TARGETOS $TARGETARCH $BUILDPLATFORM" > /made && cat /proc/sys/kernel/random/uuid > /each

FROM scratch
COPY --from=compile /made /each /
COPY --from=shared /once /
ARG TARGETARCH
LABEL arch=$TARGETARCH
`;

let scenario: Scenario;

function begin(image: string, dockerfile: string, build = `platforms: ${both}`, more = ''): void {
  scenario.write(
    'compose.yaml',
    `name: wide\nservices:\n  web:\n    image: ${image}\n    build: {context: ., ${build}}\n${more}`,
  );
  scenario.write('Dockerfile', dockerfile);
}

beforeEach(() => {
  scenario = new Scenario({});
  copyFileSync('/bin/busybox', join(scenario.directory, 'busybox'));
});

afterEach(async () => {
  expect(await scenario.leftovers()).toEqual({});
  scenario.dispose();
});

const path = (name: string) => join(scenario.directory, name);
const read = (name: string) => readFileSync(path(name), 'utf8');
const inspect = (of: Scenario, ...args: string[]) =>
  JSON.parse(of.ok('image', 'inspect', ...args).stdout)[0] as {
    readonly Architecture: string;
    readonly Config: { readonly Labels: Record<string, string> };
    readonly Descriptor: { readonly mediaType: string; readonly digest: string };
    readonly Manifests?: readonly { readonly ID: string; readonly ImageData: { Platform: object } }[];
  };
const architectures = (of: Scenario, name: string) =>
  inspect(of, name).Manifests?.map(
    ({ ImageData }) => (ImageData.Platform as { architecture: string }).architecture,
  );

const skopeo = (...args: string[]) =>
  execFileSync('skopeo', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

/** This process goes on meanwhile, and takes what the registry logs: it would stop otherwise. */
async function beside(of: Scenario, ...args: string[]): Promise<Outcome> {
  const outcome = await runBeside(of, ...args);
  if (outcome.status !== 0) throw new Error(outcome.stderr);
  return outcome;
}

interface Document {
  readonly mediaType: string;
  readonly manifests?: readonly { readonly digest: string; readonly platform: { architecture: string } }[];
}
const readRaw = (...args: string[]) => JSON.parse(skopeo('inspect', '--raw', ...args)) as Document;

describe('an image that is cross compiled for two platforms', () => {
  let sandbox: Sandbox;
  let registry: RegistryServer;

  beforeAll(async () => {
    sandbox = new Sandbox();
    registry = await RegistryServer.start(sandbox);
  });
  afterAll(async () => {
    await registry.stop();
    sandbox.dispose();
  });

  /** A file of an image in the registry, as skopeo finds it. */
  function readFromRegistry(name: string, architecture: string, file: string): string {
    const directory = sandbox.path(`copy-${architecture}`);
    const source = `docker://${name}`;
    skopeo('--override-arch', architecture, 'copy', '--src-tls-verify=false', source, `oci:${directory}:x`);
    const blobs = join(directory, 'blobs/sha256');
    for (const blob of readdirSync(blobs)) {
      try {
        return execFileSync('tar', ['-xzOf', join(blobs, blob), file], { encoding: 'utf8', stdio: 'pipe' });
      } catch {
        // Another layer, or no layer at all.
      }
    }
    throw new Error(`no ${file} in ${name} for ${architecture}`);
  }

  it('is one build, what the platforms share is done once, and each has its own arguments', () => {
    begin('wide:1', crossCompiled);
    const { stderr } = scenario.ok('build', '-o', 'out');
    for (const platform of [here, foreign]) {
      const directory = `out/${platform.replace('/', '_')}`;
      const [, arch = ''] = platform.split('/');
      expect(read(`${directory}/made`)).toBe(`${platform} linux ${arch} ${here}\n`);
    }
    const [own, other] = [here, foreign].map((platform) => `out/${platform.replace('/', '_')}`);
    expect(read(`${own}/once`)).toBe(read(`${other}/once`));
    expect(read(`${own}/each`)).not.toBe(read(`${other}/each`));
    expect(stderr).toContain(`[${here}->s390x compile `);
    expect(stderr).toContain(`[${foreign} stage-3 `);
    const ran = stepsOf(stderr).ran.filter((title) => title.startsWith('RUN cat /proc'));
    expect(ran).toHaveLength(1);
    // Nothing has changed: all is known.
    expect(stepsOf(scenario.ok('build').stderr).ran).toEqual([]);
  });

  it('is one name in lists, an index in the store, and each of its images for those who ask', () => {
    begin('wide:1', crossCompiled);
    scenario.ok('build', '--metadata-file', 'built.json');
    expect(scenario.ok('image', 'ls', '--format', '{{.Repository}}:{{.Tag}}').stdout).toBe('wide:1\n');
    const shown = inspect(scenario, 'wide:1');
    expect(shown.Architecture).toBe(hereArch);
    expect(shown.Descriptor.mediaType).toBe('application/vnd.oci.image.index.v1+json');
    expect(architectures(scenario, 'wide:1')).toEqual([hereArch, 's390x']);
    expect(inspect(scenario, '--platform', foreign, 'wide:1')).toMatchObject({
      Architecture: 's390x',
      Config: { Labels: { arch: 's390x' } },
    });
    expect(JSON.parse(read('built.json'))).toEqual({
      web: {
        'containerimage.descriptor': expect.objectContaining({ digest: shown.Descriptor.digest }),
        'containerimage.digest': shown.Descriptor.digest,
        'image.name': 'docker.io/library/wide:1',
      },
    });
    const stored = readRaw(`oci:${scenario.root}/images:docker.io/library/wide:1`);
    expect(stored.manifests?.map(({ platform }) => platform.architecture)).toEqual([hereArch, 's390x']);
  });

  it('gets further names, and goes, as a whole', () => {
    begin('wide:1', crossCompiled);
    scenario.ok('build');
    scenario.ok('image', 'tag', 'wide:1', 'wide:2');
    expect(architectures(scenario, 'wide:2')).toEqual([hereArch, 's390x']);
    scenario.ok('image', 'rm', '--platform', foreign, 'wide:2');
    expect(architectures(scenario, 'wide:2')).toBeUndefined();
    expect(inspect(scenario, 'wide:2').Architecture).toBe(hereArch);
    scenario.ok('image', 'rm', 'wide:2');
    const gone = scenario.ok('image', 'rm', 'wide:1').stdout;
    expect(gone.match(/^Deleted: sha256:/gm)).toHaveLength(2);
    expect(scenario.ok('image', 'ls', '-q').stdout).toBe('');
  });

  it('is pushed whole, and one platform alone if asked', async () => {
    const name = `${registry.host}/wide:1`;
    begin(name, crossCompiled);
    await beside(scenario, 'build', '--push');
    const pushed = readRaw('--tls-verify=false', `docker://${name}`);
    expect(pushed.mediaType).toBe('application/vnd.oci.image.index.v1+json');
    expect(pushed.manifests?.map(({ platform }) => platform.architecture)).toEqual([hereArch, 's390x']);
    expect(readFromRegistry(name, hereArch, 'made')).toBe(`${here} linux ${hereArch} ${here}\n`);
    expect(readFromRegistry(name, 's390x', 'made')).toBe(`${foreign} linux s390x ${here}\n`);

    const single = `${registry.host}/single:1`;
    await beside(scenario, 'image', 'tag', name, single);
    await beside(scenario, 'image', 'push', '--platform', foreign, single);
    expect(readRaw('--tls-verify=false', `docker://${single}`).manifests).toBeUndefined();
    await beside(scenario, 'image', 'push', single);
    expect(readRaw('--tls-verify=false', `docker://${single}`).manifests).toHaveLength(2);
    // The index is still here when what nobody needs has gone, although the one in the registry is another.
    await beside(scenario, 'image', 'rm', name);
    await beside(scenario, 'image', 'prune', '-f');
    await beside(scenario, 'image', 'push', single);
    // What is in the registry is what is here.
    expect((await beside(scenario, 'image', 'pull', single)).stdout).toContain('Image is up to date');
  });

  it('is pulled for one platform after the other, and is whole again', async () => {
    const name = `${registry.host}/again:1`;
    begin(name, crossCompiled);
    await beside(scenario, 'build', '--push');
    const other = new Scenario({});
    try {
      await beside(other, 'image', 'pull', '-q', name);
      expect(architectures(other, name)).toBeUndefined();
      await beside(other, 'image', 'pull', '-q', '--platform', foreign, name);
      expect(architectures(other, name)).toEqual([hereArch, 's390x']);
    } finally {
      other.dispose();
    }
  });

  it('keeps its steps for all platforms in the image, for a machine that has none', async () => {
    const name = `${registry.host}/inline:1`;
    const file = crossCompiled.slice(0, crossCompiled.indexOf('FROM scratch\n'));
    begin(name, file, `platforms: ${both}, cache_to: ["type=inline"], cache_from: ["${name}"]`);
    await beside(scenario, 'build', '--push');
    const other = new Scenario({ 'compose.yaml': read('compose.yaml'), Dockerfile: file });
    try {
      copyFileSync('/bin/busybox', join(other.directory, 'busybox'));
      const { cached, ran } = stepsOf((await beside(other, 'build')).stderr);
      expect(ran.filter((title) => title.startsWith('RUN'))).toEqual([]);
      expect(cached.filter((title) => title.startsWith('RUN echo'))).toHaveLength(2);
    } finally {
      other.dispose();
    }
  });

  it('is written to archives and directories', () => {
    begin('wide:1', crossCompiled);
    const refused = scenario.run('build', '-o', 'type=docker,dest=docker.tar');
    expect(refused.status).toBe(2);
    expect(refused.stderr).toContain(
      `type=docker holds one platform, and web is built for ${here}, ${foreign}`,
    );
    scenario.ok('build', '-o', 'type=oci,dest=oci.tar', '-o', 'type=tar,dest=files.tar');
    scenario.ok('image', 'save', '-o', 'docker.tar', 'wide:1');
    const list = execFileSync('tar', ['-tf', path('files.tar')], { encoding: 'utf8' });
    expect(list).toContain(`linux_${hereArch}/made\n`);
    expect(list).toContain('linux_s390x/made\n');
    const index = readRaw(`oci-archive:${path('oci.tar')}`);
    expect(index.manifests?.map(({ platform }) => platform.architecture)).toEqual([hereArch, 's390x']);
    scenario.ok('image', 'save', '--format', 'oci', '--platform', foreign, '-o', 'one.tar', 'wide:1');
    expect(readRaw(`oci-archive:${path('one.tar')}`).manifests).toBeUndefined();

    for (const [archive, expected] of [
      ['oci.tar', [hereArch, 's390x']],
      ['docker.tar', undefined],
    ] as const) {
      const other = new Scenario({});
      try {
        expect(other.ok('image', 'load', '-i', path(archive)).stdout).toBe('Loaded image: wide:1\n');
        expect(architectures(other, 'wide:1')).toEqual(expected);
      } finally {
        other.dispose();
      }
    }
  });
});

describe('up', () => {
  const dockerfile = `${tools}
FROM tools
ARG TARGETPLATFORM
ENV BUILT_FOR=$TARGETPLATFORM
CMD ["sh", "-c", "echo $BUILT_FOR"]
`;

  it('builds of several platforms the one that runs here, and runs it out of several', () => {
    begin('wide:1', dockerfile);
    expect(scenario.ok('up').stdout).toContain(`| ${here}\n`);
    expect(architectures(scenario, 'wide:1')).toBeUndefined();
    scenario.ok('build');
    expect(architectures(scenario, 'wide:1')).toEqual([hereArch, 's390x']);
    expect(scenario.ok('up').stdout).toContain(`| ${here}\n`);
    // The same image built again is still part of the index.
    scenario.ok('up', '-d', '--build');
    expect(architectures(scenario, 'wide:1')).toEqual([hereArch, 's390x']);
    scenario.ok('down');
  });

  it('builds where only another platform is here', () => {
    begin('wide:1', dockerfile);
    scenario.ok('build', '--platform', foreign);
    expect(inspect(scenario, 'wide:1').Architecture).toBe('s390x');
    expect(scenario.ok('up').stdout).toContain(`| ${here}\n`);
    scenario.ok('down');
  });
});
