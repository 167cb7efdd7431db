// Compose projects as OCI artefacts: published to and fetched from Debian's docker-registry, by the command line too.

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  annotation,
  composeFileType,
  composeProject,
  envFileType,
} from '../../../src/engine/remote/artifact.ts';
import { createRemotePort } from '../../../src/engine/remote/remote-files.ts';
import type { Descriptor } from '../../../src/image/descriptor.ts';
import { digestOf } from '../../../src/image/digest.ts';
import { ociManifest } from '../../../src/image/media-type.ts';
import { parseRegistryReference } from '../../../src/image/reference.ts';
import { type ArtifactFile, putManifest, upload } from '../../../src/image/registry/artifact.ts';
import { Registry } from '../../../src/image/registry/registry.ts';
import { resolveDigest } from '../../../src/image/registry/resolve-digest.ts';
import type { RegistrySettings } from '../../../src/image/registry/settings.ts';
import { makeImage, writeLayout } from './fixture-image.ts';
import { RegistryServer } from './registry-server.ts';
import { runAside, Sandbox } from './sandbox.ts';

let sandbox: Sandbox;
let registry: RegistryServer;
beforeEach(async () => {
  sandbox = new Sandbox();
  registry = await RegistryServer.start(sandbox);
});
afterEach(async () => {
  await registry.stop();
  sandbox.dispose();
});

const settings = (): RegistrySettings => ({
  environment: { HOME: sandbox.path('home'), PATH: process.env['PATH'] },
  retryDelayMs: 1,
});
const composeFile = (text: string, more: Record<string, string> = {}): ArtifactFile => ({
  mediaType: composeFileType,
  annotations: { [annotation.file]: 'compose.yaml', ...more },
  bytes: Buffer.from(text),
});
const envFile = (name: string, text: string): ArtifactFile => ({
  mediaType: envFileType,
  annotations: { [annotation.envFile]: name },
  bytes: Buffer.from(text),
});
/** As `docker compose publish` does it. Returns the digest of the manifest. */
async function push(name: string, ...files: ArtifactFile[]): Promise<string> {
  const reference = parseRegistryReference(`${registry.host}/${name}`);
  const client = new Registry(reference.domain, {
    settings: settings(),
    use: 'push',
    signal: new AbortController().signal,
  });
  const describe = (mediaType: string, bytes: Uint8Array): Descriptor =>
    ({ mediaType, digest: digestOf(bytes), size: bytes.length }) as Descriptor;
  const empty = Buffer.from('{}');
  const config = describe('application/vnd.oci.empty.v1+json', empty);
  try {
    await upload(client, reference, config, empty);
    for (const { bytes, mediaType } of files)
      await upload(client, reference, describe(mediaType, bytes), bytes);
    const layers = files.map(({ annotations, bytes, mediaType }) => ({
      ...describe(mediaType, bytes),
      annotations,
    }));
    const { artifactType } = composeProject;
    const manifest = { schemaVersion: 2, mediaType: ociManifest, artifactType, config, layers };
    return await putManifest(client, reference, Buffer.from(JSON.stringify(manifest)));
  } finally {
    client.close();
  }
}
const port = () => createRemotePort({ cacheDirectory: sandbox.path('cache'), registries: settings() });
const fetch = async (name: string) => {
  const full = `oci://${registry.host}/${name}`;
  return port().fetch(full, await port().resolve(full));
};

describe('a Compose project in a registry', () => {
  it('is fetched by tag and by digest, and kept', async () => {
    const digest = await push(
      'team/app:1',
      composeFile('services: {a: {image: x}}'),
      envFile('.env', 'A=1\n'),
    );
    const copy = await fetch('team/app:1');
    expect(copy.version).toBe(digest);
    expect(readFileSync(copy.path, 'utf8')).toBe('services: {a: {image: x}}');
    expect(readFileSync(join(copy.path, '../.env'), 'utf8')).toBe('A=1\n');
    expect(await fetch(`team/app@${digest}`)).toEqual(copy);
    expect(await port().accepted(`oci://${registry.host}/team/app:1`)).toEqual(copy);
    await registry.stop();
    expect(await port().fetch(`oci://${registry.host}/team/app@${digest}`, digest)).toEqual(copy);
    registry = await RegistryServer.start(sandbox, { name: 'again' });
  });

  it('is what other tools see', async () => {
    const digest = await push('app:1', composeFile('services: {}'));
    const raw = await runAside(
      'skopeo',
      'inspect',
      '--raw',
      '--tls-verify=false',
      `docker://${registry.host}/app:1`,
    );
    expect(JSON.parse(raw)).toMatchObject({
      artifactType: 'application/vnd.docker.compose.project',
      config: { mediaType: 'application/vnd.oci.empty.v1+json' },
      layers: [{ mediaType: 'application/vnd.docker.compose.file+yaml' }],
    });
    expect(await resolveDigest(settings(), parseRegistryReference(`${registry.host}/app:1`))).toBe(digest);
  });

  it('with a name that leads out is refused, and nothing is left (CVE-2025-62725)', async () => {
    await push('evil:1', composeFile('services: {}'), envFile('../../../outside', 'x'));
    await expect(fetch('evil:1')).rejects.toThrow('leads out of its directory');
    expect(existsSync(sandbox.path('outside'))).toBe(false);
    expect(readdirSync(sandbox.path('cache/oci'))).toEqual([]);
  });

  it('is not an image, nor an image a project', async () => {
    const name = `${registry.host}/image:1`;
    const store = sandbox.store({ root: sandbox.path('store'), registries: settings() });
    await store.load(writeLayout(sandbox, 'oci', [{ image: makeImage({ layers: [] }), name }]));
    await store.push(name);
    await expect(fetch('image:1')).rejects.toThrow('is not application/vnd.docker.compose.project');
    await push('app:1', composeFile('services: {}'));
    await expect(store.pull(`${registry.host}/app:1`)).rejects.toThrow('is not a container image');
  });
});

describe('tcompose config', () => {
  const bundle = join(import.meta.dirname, '../../../bin/tcompose');
  const tcompose = (environment: Record<string, string>, ...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [bundle, ...args], {
      cwd: sandbox.makeDirectory('project'),
      env: { PATH: process.env['PATH'], HOME: sandbox.path('home'), ...environment },
      encoding: 'utf8',
      // No terminal: nobody can be asked.
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return { status, stdout, stderr };
  };

  it('uses a project in a registry once it is accepted: by -f, include and extends', async () => {
    await push(
      'app:1',
      composeFile('services: {web: {image: "web:${TAG}", env_file: .env}, base: {image: base}}'),
      envFile('.env', 'TAG=7\n'),
    );
    const name = `oci://${registry.host}/app:1`;
    const refused = tcompose({}, '-f', name, 'config');
    expect([refused.status, refused.stdout]).toEqual([1, '']);
    expect(refused.stderr).toContain('no terminal to ask');
    expect(refused.stderr).toContain('--yes');
    expect(existsSync(sandbox.path('home/.cache'))).toBe(false);

    sandbox.write(
      'project/compose.yaml',
      `include: ["${name}"]\nservices: {mine: {extends: {file: "${name}", service: base}}}\n`,
    );
    const placed = tcompose({}, 'config');
    expect(placed.stderr).toContain('compose.yaml:1:11: error');
    const included = tcompose({}, '--yes', 'config', '--images');
    expect([included.status, included.stdout]).toEqual([0, 'web:7\nbase\nbase\n']);
    // From then on without a question, also under -f.
    expect(tcompose({}, '-f', name, 'config', '--services').stdout).toBe('base\nweb\n');
    expect(tcompose({}, 'config', '--images').status).toBe(0);
    const off = tcompose({ COMPOSE_EXPERIMENTAL_OCI_REMOTE: 'false' }, 'config');
    expect(off.stderr).toContain('COMPOSE_EXPERIMENTAL_OCI_REMOTE is "false"');

    await push('app:1', composeFile('services: {web: {image: "other"}, base: {image: base}}'));
    const changed = tcompose({}, 'config', '--images');
    expect(changed.stdout).toBe('web:7\nbase\nbase\n');
    expect(changed.stderr).toContain('the copy that was accepted is used');
    expect(tcompose({}, 'config', '--images', '-y').stdout).toContain('other');
  });

  it('pins images by what their tags stand for', async () => {
    const name = `${registry.host}/image:1`;
    const image = makeImage({ layers: [] });
    const store = sandbox.store({ root: sandbox.path('store'), registries: settings() });
    await store.load(writeLayout(sandbox, 'oci', [{ image, name }]));
    await store.push(name);
    sandbox.write(
      'project/compose.yaml',
      `services:
  a: {image: "${name}", command: x, volumes: [{type: image, source: "${name}", target: /i}, {type: image, source: b, target: /j}]}
  b: {image: host, pre_start: [{command: y, image: "${name}"}]}
`,
    );
    const pinned = `${name}@${image.manifest.digest}`;
    const resolved = JSON.parse(tcompose({}, 'config', '--resolve-image-digests', '--format', 'json').stdout);
    expect(resolved.services.a).toMatchObject({ image: pinned, command: ['x'] });
    expect(resolved.services.a.volumes.map(({ source }: { source: string }) => source)).toEqual([
      pinned,
      'b',
    ]);
    expect(resolved.services.b).toMatchObject({ image: 'host', pre_start: [{ image: pinned }] });

    const lock = tcompose({}, 'config', '--lock-image-digests', '-o', 'lock.yaml');
    expect(lock.stderr).toContain('hooks of service `b` are not pinned');
    expect(readFileSync(sandbox.path('project/lock.yaml'), 'utf8')).toMatch(
      /^services:\n {2}a:\n {4}image: /,
    );
    const locked = tcompose({}, '-f', 'compose.yaml', '-f', 'lock.yaml', 'config', '--images');
    expect(locked.stdout).toContain(pinned);
    const raw = tcompose({}, 'config', '--no-interpolate', '--resolve-image-digests');
    expect(raw.stdout).toContain(`image: ${pinned}`);

    sandbox.write('project/compose.yaml', `services:\n  a:\n    image: ${registry.host}/gone:1\n`);
    const gone = tcompose({}, 'config', '--resolve-image-digests');
    expect([gone.status, gone.stdout]).toEqual([1, '']);
    expect(gone.stderr).toContain('compose.yaml:3:12: error: manifest 1 of');
  });
});
