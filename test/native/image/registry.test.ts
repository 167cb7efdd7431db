// Push, pull and the rest against Debian's docker-registry, with skopeo as the independent witness.

import { chmodSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseRegistryReference } from '../../../src/image/reference.ts';
import { listRepositories, listTags, removeFromRegistry } from '../../../src/image/registry/browse.ts';
import { logIn, logOut } from '../../../src/image/registry/login.ts';
import type { RegistrySettings } from '../../../src/image/registry/settings.ts';
import type { ImageStore } from '../../../src/image/store.ts';
import {
  busyboxLayer,
  descriptor,
  type FixtureImage,
  imageBlobs,
  makeImage,
  makeIndex,
  noise,
  smallLayer,
  writeBlobs,
  writeIndex,
  writeLayout,
} from './fixture-image.ts';
import { makeCertificates, RegistryServer, user } from './registry-server.ts';
import { recorder, run, runAside, Sandbox } from './sandbox.ts';
import { buildTar, file } from './tar-builder.ts';

let sandbox: Sandbox;
let registry: RegistryServer;
beforeEach(() => {
  sandbox = new Sandbox();
});
afterEach(async () => {
  await registry?.stop();
  sandbox.dispose();
});

const image = makeImage({ layers: [busyboxLayer(), smallLayer('a')] });
const settings = (more: Partial<RegistrySettings> = {}): RegistrySettings => ({
  environment: { HOME: sandbox.path('home'), PATH: process.env['PATH'] },
  certificates: [sandbox.path('certs.d')],
  retryDelayMs: 1,
  ...more,
});
const openStore = (name: string, more: Partial<RegistrySettings> = {}) =>
  sandbox.store({ root: sandbox.path(name), registries: settings(more) });
const logInToHome = () => logIn(settings(), { host: registry.host, credentials: user });

async function storeWith(name: string, fixture: FixtureImage = image): Promise<ImageStore> {
  const store = openStore('first');
  await store.load(writeLayout(sandbox, 'oci', [{ image: fixture, name }]));
  return store;
}

const skopeo = (...args: string[]) => runAside('skopeo', ...args);
const inspect = async (name: string, ...args: string[]) =>
  JSON.parse(await skopeo('inspect', '--tls-verify=false', ...args, `docker://${name}`));

/** Push, forget, pull by tag, pull by digest: the same image each time, also by skopeo's account. */
async function roundTrip(...skopeoArgs: string[]): Promise<void> {
  const name = `${registry.host}/team/bb:1`;
  const store = await storeWith(name);
  const pushed = await store.push(name);
  expect(pushed.digest).toBe(image.manifest.digest);
  expect(await inspect(name, ...skopeoArgs)).toMatchObject({
    Digest: image.manifest.digest,
    Layers: image.layers.map(({ digest }) => digest),
  });
  await store.remove(name, { uses: [] });
  expect(await store.list()).toEqual([]);
  const byTag = await store.resolve(name, { directory: '/' });
  expect(byTag.id).toBe(image.config.digest);
  expect(readFileSync(`${byTag.layers[0]}/a`, 'utf8')).toBe('a');
  const other = openStore('second');
  const byDigest = await other.pull(`${registry.host}/team/bb@${image.manifest.digest}`);
  expect(byDigest).toMatchObject({ digest: image.manifest.digest, imageId: image.config.digest });
}

describe('an open registry', () => {
  beforeEach(async () => {
    registry = await RegistryServer.start(sandbox);
  });

  it('takes an image and gives it back', () => roundTrip());

  it('an image that skopeo pushed, in either format', async () => {
    writeLayout(sandbox, 'oci', [{ image, name: 'x' }]);
    for (const format of ['oci', 'v2s2']) {
      const name = `${registry.host}/${format}:1`;
      await skopeo(
        'copy',
        '-q',
        '--dest-tls-verify=false',
        '--format',
        format,
        `oci:${sandbox.path('oci')}:x`,
        `docker://${name}`,
      );
      const pulled = await openStore(format).pull(name);
      expect(pulled).toMatchObject({
        digest: (await inspect(name)).Digest,
        mediaType: expect.stringMatching(/manifest/),
      });
      // What was pulled in Docker's format stays so; in the layout skopeo finds it in OCI's words.
      const seen = JSON.parse(await skopeo('inspect', `oci:${sandbox.path(format)}/images:${name}`));
      expect(seen.Digest).toBe(pulled.rendition?.digest ?? pulled.digest);
      expect(seen.Layers).toEqual(image.layers.map(({ digest }) => digest));
      await openStore(format).collect(new Set());
      await skopeo(
        'copy',
        '-q',
        `oci:${sandbox.path(format)}/images:${name}`,
        `dir:${sandbox.makeDirectory('copy')}`,
      );
    }
  });

  it('an index that skopeo pushed: this platform, or the one that is asked for', async () => {
    const images = { amd64: image, arm64: makeImage({ architecture: 'arm64', layers: [smallLayer('arm')] }) };
    const index = makeIndex(images);
    writeBlobs(sandbox, 'oci', [index, ...imageBlobs(images.amd64), ...imageBlobs(images.arm64)]);
    writeIndex(sandbox, 'oci', [
      { ...descriptor(index), annotations: { 'org.opencontainers.image.ref.name': 'x' } },
    ]);
    const name = `${registry.host}/multi:1`;
    await skopeo(
      'copy',
      '-q',
      '--all',
      '--dest-tls-verify=false',
      `oci:${sandbox.path('oci')}:x`,
      `docker://${name}`,
    );
    const store = openStore('first');
    // This machine's, if nothing is asked for.
    const own = process.arch === 'arm64' ? images.arm64 : images.amd64;
    expect((await openStore('own').pull(name)).imageId).toBe(own.config.digest);
    const arm = await store.pull(name, { platform: 'linux/arm64' });
    const amd = await store.pull(name, { platform: 'linux/amd64' });
    expect([arm.imageId, amd.imageId]).toEqual([images.arm64.config.digest, images.amd64.config.digest]);
    expect([arm.sourceDigest, amd.sourceDigest]).toEqual([index.digest, index.digest]);
    // Both are kept under the name; nothing has to be pulled for either.
    for (const platform of ['linux/arm64', 'linux/amd64']) {
      await store.resolve(name, { directory: '/', policy: 'never', platform });
      await store.resolve(`${registry.host}/multi@${index.digest}`, {
        directory: '/',
        policy: 'never',
        platform,
      });
    }
    await expect(store.pull(name, { platform: 'linux/s390x' })).rejects.toMatchObject({
      code: 'no-such-platform',
    });

    // One of them alone is pushed, and removed.
    expect((await store.push(name, { platform: 'linux/arm64' })).digest).toBe(images.arm64.manifest.digest);
    await expect(store.push(name, { platform: 'linux/s390x' })).rejects.toMatchObject({
      code: 'no-such-platform',
    });
    const removed = await store.remove(name, { uses: [], platform: 'linux/arm64' });
    expect(removed).toMatchObject({ untagged: [], deleted: [images.arm64.config.digest] });
    await expect(store.remove(name, { uses: [], platform: 'linux/arm64' })).rejects.toMatchObject({
      code: 'no-such-platform',
    });
    expect((await store.inspect(name, 'linux/amd64')).imageId).toBe(images.amd64.config.digest);
    expect(await store.remove(name, { uses: [], platform: 'amd64' })).toMatchObject({ untagged: [name] });
  });

  it('pulls again only what has changed', async () => {
    const name = `${registry.host}/team/bb:1`;
    const store = await storeWith(name);
    await store.push(name);
    const other = openStore('second');
    const [first, second, third] = [recorder(), recorder(), recorder()];
    await other.pull(name, first);
    await other.pull(name, second);
    expect(first.events.at(-1)).toMatchObject({ type: 'done', isNew: true });
    expect(second.events).toEqual([
      { type: 'started', reference: name, action: 'pull' },
      { type: 'done', reference: name, digest: image.manifest.digest, isNew: false },
    ]);
    const changed = makeImage({ layers: [busyboxLayer(), smallLayer('b')] });
    await store.load(writeLayout(sandbox, 'changed', [{ image: changed, name }]));
    await store.push(name);
    await other.pull(name, third);
    const phases = third.events.flatMap((event) =>
      event.type === 'layer' ? [`${event.digest} ${event.phase}`] : [],
    );
    expect(phases).toContain(`${changed.layers[0]?.digest} exists`);
    expect(phases).toContain(`${changed.layers[1]?.digest} done`);
    expect((await other.list()).map((each) => each.name)).toEqual(expect.arrayContaining([name, undefined]));
  });

  it('pull policies', async () => {
    const name = `${registry.host}/team/bb:1`;
    await (await storeWith(name)).push(name);
    const store = openStore('second');
    const resolve = async (policy: 'always' | 'missing' | 'never' | { refreshAfterMs: number }) => {
      const told = recorder();
      await store.resolve(name, { directory: '/', policy, ...told });
      return told.events.length > 0;
    };
    await expect(resolve('never')).rejects.toMatchObject({ code: 'no-such-image' });
    expect(await resolve('missing')).toBe(true);
    expect(await resolve('missing')).toBe(false);
    expect(await resolve({ refreshAfterMs: 3_600_000 })).toBe(false);
    expect(await resolve({ refreshAfterMs: 0 })).toBe(true);
    expect(await resolve('always')).toBe(true);
  });

  it('what the registry has elsewhere is mounted, what it has here is not sent', async () => {
    const name = `${registry.host}/team/bb:1`;
    const store = await storeWith(name);
    await store.push(name);
    const [again, mounted] = [recorder(), recorder()];
    await store.push(name, again);
    const phases = ({ events }: typeof again) =>
      events.flatMap((event) => (event.type === 'layer' ? [event.phase] : []));
    expect(phases(again)).toEqual(['exists', 'exists', 'exists']);
    await store.tag(name, `${registry.host}/other/bb:1`);
    await store.push(`${registry.host}/other/bb:1`, mounted);
    expect(phases(mounted).filter((phase) => phase === 'mounted')).toHaveLength(2);
    expect((await inspect(`${registry.host}/other/bb:1`)).Digest).toBe(image.manifest.digest);
  });

  it('a blob of several chunks', async () => {
    const large = makeImage({
      layers: [buildTar([file('noise', '', { content: noise(70 * 1024 * 1024) })])],
    });
    const name = `${registry.host}/large:1`;
    await (await storeWith(name, large)).push(name);
    const pulled = await openStore('second').pull(name);
    expect(pulled.digest).toBe(large.manifest.digest);
  });

  it('an image that was made here is sent compressed, and pulled it is the same image', async () => {
    const store = openStore('first');
    const name = `${registry.host}/made:1`;
    const made = await store.import(sandbox.write('root.tar', busyboxLayer()), { reference: name });
    const pushed = await store.push(name);
    expect(await inspect(name)).toMatchObject({ Digest: pushed.digest });
    expect((await store.inspect(name)).repoDigests).toEqual([`${registry.host}/made@${pushed.digest}`]);
    expect(await store.push(name)).toEqual(pushed);
    const pulled = await openStore('second').pull(name);
    expect(pulled.imageId).toBe(made.imageId);
    expect((await openStore('second').inspect(name)).layers[0]?.blob.mediaType).toMatch(/gzip$/);
  });

  it('catalog, tags, delete', async () => {
    const store = await storeWith(`${registry.host}/team/bb:1`);
    await store.push(`${registry.host}/team/bb:1`);
    for (const name of ['team/bb:2', 'another:x']) {
      await store.tag(`${registry.host}/team/bb:1`, `${registry.host}/${name}`);
      await store.push(`${registry.host}/${name}`);
    }
    const reference = (name: string) => parseRegistryReference(`${registry.host}/${name}`);
    expect(await listRepositories(settings(), registry.host)).toEqual(['another', 'team/bb']);
    expect((await listTags(settings(), reference('team/bb'))).sort()).toEqual(['1', '2']);
    expect(await removeFromRegistry(settings(), reference('team/bb:1'))).toBe(image.manifest.digest);
    expect(await listTags(settings(), reference('team/bb'))).toEqual([]);
    await expect(listTags(settings(), reference('nothing'))).rejects.toMatchObject({
      code: 'not-in-registry',
    });
    await expect(removeFromRegistry(settings(), reference('another:y'))).rejects.toMatchObject({
      code: 'not-in-registry',
    });
    await expect(store.pull(`${registry.host}/team/bb:1`)).rejects.toMatchObject({ code: 'not-in-registry' });
  });

  it('is asked as a mirror first; what it lacks comes from the registry itself', async () => {
    const upstream = registry;
    registry = await RegistryServer.start(sandbox, { name: 'mirror' });
    const mirror = registry;
    try {
      const name = `${upstream.host}/team/bb:1`;
      const store = await storeWith(name);
      await store.push(name);
      const mirrors = { [upstream.host]: ['http://127.0.0.1:1', `http://${mirror.host}`] };
      await openStore('second', { mirrors }).pull(name);
      // The mirror has another image under the same name: it is the one that comes.
      const theirs = makeImage({ layers: [smallLayer('theirs')] });
      writeLayout(sandbox, 'theirs', [{ image: theirs, name: 'x' }]);
      await skopeo(
        'copy',
        '-q',
        '--dest-tls-verify=false',
        `oci:${sandbox.path('theirs')}:x`,
        `docker://${mirror.host}/team/bb:1`,
      );
      expect((await openStore('third', { mirrors }).pull(name)).imageId).toBe(theirs.config.digest);
    } finally {
      await upstream.stop();
    }
  });
});

describe('a registry with basic authentication', () => {
  beforeEach(async () => {
    registry = await RegistryServer.start(sandbox, { auth: 'basic' });
  });

  it('takes an image and gives it back, after a login', async () => {
    await logInToHome();
    await roundTrip('--creds', `${user.username}:${user.password}`);
    // skopeo finds what we have kept, where Docker keeps it.
    const inspected = await runAside(
      'env',
      `HOME=${sandbox.path('home')}`,
      'XDG_RUNTIME_DIR=/nowhere',
      'skopeo',
      'inspect',
      '--tls-verify=false',
      `docker://${registry.host}/team/bb:1`,
    );
    expect(JSON.parse(inspected).Digest).toBe(image.manifest.digest);
  });

  it('without a login, or with a wrong one, it is one clear error', async () => {
    const store = openStore('first');
    await expect(store.pull(`${registry.host}/a`)).rejects.toMatchObject({
      code: 'registry-unauthorized',
      hints: [expect.stringContaining(`tcompose login ${registry.host}`)],
    });
    const wrong = { username: user.username, password: 'wrong' };
    await expect(logIn(settings(), { host: registry.host, credentials: wrong })).rejects.toMatchObject({
      code: 'login-refused',
    });
    expect(existsSync(sandbox.path('home/.docker/config.json'))).toBe(false);
  });

  it('login keeps what else is in the file, for the owner only; logout takes it away', async () => {
    sandbox.write('home/.docker/config.json', '{"psFormat":"x"}');
    await logInToHome();
    const path = sandbox.path('home/.docker/config.json');
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({
      psFormat: 'x',
      auths: { [registry.host]: {} },
    });
    expect(run('stat', '-c', '%a', path).trim()).toBe('600');
    await logIn(settings(), { host: registry.host });
    expect(await logOut(settings(), registry.host)).toBe(true);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ psFormat: 'x', auths: {} });
    expect(await logOut(settings(), registry.host)).toBe(false);
    await expect(logIn(settings(), { host: registry.host })).rejects.toMatchObject({
      code: 'no-credentials',
    });
  });

  it('credentials from a helper program', async () => {
    const bin = sandbox.makeDirectory('bin');
    const kept = sandbox.path('kept');
    sandbox.write(
      'bin/docker-credential-test',
      `#!/bin/sh\ncase $1 in store) cat > ${kept};; erase) rm -f ${kept};; get) read server; [ -e ${kept} ] || { echo "credentials not found in native keychain"; exit 1; }; cat ${kept};; esac\n`,
    );
    chmodSync(`${bin}/docker-credential-test`, 0o755);
    sandbox.write('home/.docker/config.json', JSON.stringify({ credHelpers: { [registry.host]: 'test' } }));
    const helped = settings({
      environment: { HOME: sandbox.path('home'), PATH: `${bin}:${process.env['PATH']}` },
    });
    await expect(logIn(helped, { host: registry.host })).rejects.toMatchObject({ code: 'no-credentials' });
    await logIn(helped, { host: registry.host, credentials: user });
    expect(JSON.parse(readFileSync(kept, 'utf8'))).toEqual({
      ServerURL: registry.host,
      Username: user.username,
      Secret: user.password,
    });
    expect(readFileSync(sandbox.path('home/.docker/config.json'), 'utf8')).not.toContain(user.password);
    await logIn(helped, { host: registry.host });
    expect(await logOut(helped, registry.host)).toBe(true);
    expect(existsSync(kept)).toBe(false);
  });

  it('a helper that is missing or fails is named', async () => {
    sandbox.write('home/.docker/config.json', JSON.stringify({ credsStore: 'nowhere' }));
    await expect(openStore('first').pull(`${registry.host}/a`)).rejects.toThrow(/docker-credential-nowhere/);
  });
});

describe('a registry with tokens', () => {
  beforeEach(async () => {
    registry = await RegistryServer.start(sandbox, { auth: 'token' });
  });

  it('takes an image and gives it back, after a login', async () => {
    await logInToHome();
    await roundTrip('--creds', `${user.username}:${user.password}`);
    expect(registry.askedScopes).toContain('repository:team/bb:pull,push');
    expect(registry.askedScopes).toContain('repository:team/bb:pull');
  });

  it('gives to anybody, and takes from nobody', async () => {
    await logInToHome();
    const name = `${registry.host}/team/bb:1`;
    const store = await storeWith(name);
    await store.push(name);
    await logOut(settings(), registry.host);
    await openStore('second').pull(name);
    await store.tag(name, `${registry.host}/team/bb:2`);
    await expect(store.push(`${registry.host}/team/bb:2`)).rejects.toMatchObject({
      code: 'registry-unauthorized',
    });
  });

  it('one token serves all layers of an image', async () => {
    await logInToHome();
    const name = `${registry.host}/team/bb:1`;
    await (await storeWith(name)).push(name);
    const before = registry.askedScopes.length;
    await openStore('second').pull(name);
    expect(registry.askedScopes.slice(before)).toEqual(['repository:team/bb:pull']);
  });

  it('a mount asks for the right to read the other repository', async () => {
    await logInToHome();
    const name = `${registry.host}/team/bb:1`;
    const store = await storeWith(name);
    await store.push(name);
    await store.tag(name, `${registry.host}/other:1`);
    const told = recorder();
    await store.push(`${registry.host}/other:1`, told);
    expect(told.events.filter((event) => event.type === 'layer' && event.phase === 'mounted')).toHaveLength(
      2,
    );
  });
});

describe('a registry with TLS', () => {
  const trust = (cert: string) => sandbox.write(`certs.d/${registry.host}/ca.crt`, readFileSync(cert));
  beforeEach(async () => {
    registry = await RegistryServer.start(sandbox, { tls: true });
  });

  it('takes an image and gives it back, with its authority in certs.d', async () => {
    trust(sandbox.path('server.crt'));
    await roundTrip();
  });

  it('with another authority in certs.d it is refused, also on loopback', async () => {
    trust(makeCertificates(sandbox, 'other').cert);
    await expect(openStore('first').pull(`${registry.host}/a`)).rejects.toMatchObject({
      code: 'registry-certificate',
      hints: [expect.stringContaining('certs.d')],
    });
  });

  it('a client certificate without its key is named', async () => {
    trust(sandbox.path('server.crt'));
    mkdirSync(sandbox.path('certs.d', registry.host), { recursive: true });
    sandbox.write(`certs.d/${registry.host}/me.cert`, readFileSync(sandbox.path('server.crt')));
    await expect(openStore('first').pull(`${registry.host}/a`)).rejects.toThrow(/me\.key/);
  });
});
