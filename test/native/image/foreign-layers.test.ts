// Layers that a manifest says to lie elsewhere (image-spec, "urls"), and layers of nothing.

import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { descriptor, type FixtureImage, json, makeImage, smallLayer } from './fixture-image.ts';
import { makeCertificates } from './registry-server.ts';
import { Sandbox } from './sandbox.ts';
import { type Rule, ScriptedRegistry } from './scripted-registry.ts';
import { buildTar } from './tar-builder.ts';

const foreignType = 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip';
const secret = `Basic ${Buffer.from('me:secret').toString('base64')}`;

let sandbox: Sandbox;
let registry: ScriptedRegistry;
/** Somebody else's server, trusted by its certificate; it has the layer. */
let elsewhere: ScriptedRegistry;
beforeEach(async () => {
  sandbox = new Sandbox();
  registry = await ScriptedRegistry.start();
  const { key, cert } = makeCertificates(sandbox);
  elsewhere = await ScriptedRegistry.start({ key: readFileSync(key), cert: readFileSync(cert) });
  sandbox.write(`certs.d/${elsewhere.host}/ca.crt`, readFileSync(cert));
  const auths = { [registry.host]: { username: 'me', password: 'secret' } };
  sandbox.write('home/.docker/config.json', JSON.stringify({ auths }));
});
afterEach(() => {
  registry.stop();
  elsewhere.stop();
  sandbox.dispose();
});

const image = makeImage({ layers: [smallLayer('own'), smallLayer('foreign')] });
const [own, foreign] = image.layers as [FixtureImage['layers'][0], FixtureImage['layers'][0]];

/** The registry lacks the second layer; its manifest says that it lies at `url`. */
function serve(url: string, mediaType = foreignType): void {
  const manifest = json(image.manifest.mediaType, {
    ...JSON.parse(image.manifest.bytes.toString()),
    layers: [descriptor(own), { ...descriptor(foreign), mediaType, urls: [url] }],
  });
  registry.addBlobs([manifest, image.config, own]);
  registry.tag('1', manifest);
  registry.script(askForCredentials);
  elsewhere.addBlobs([foreign]);
}

const askForCredentials: Rule = (seen, response) => {
  if (seen.headers.authorization !== undefined) return false;
  response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
  return true;
};

const pull = () => sandbox.store().pull(`${registry.host}/win:1`);

describe('a foreign layer', () => {
  it('comes from where its manifest says, without credentials', async () => {
    serve(`https://${elsewhere.host}/files/${foreign.digest}`);
    await pull();
    const { layers } = await sandbox
      .store()
      .resolve(`${registry.host}/win:1`, { directory: '/', policy: 'never' });
    expect(readFileSync(`${layers[0]}/foreign`, 'utf8')).toBe('foreign');
    expect(registry.askedFor(own).at(-1)?.headers.authorization).toBe(secret);
    expect(elsewhere.seen).toHaveLength(1);
    expect(elsewhere.seen[0]?.headers.authorization).toBeUndefined();
  });

  it('is verified like any other', async () => {
    serve(`https://${elsewhere.host}/files/${foreign.digest}`);
    elsewhere.script((_seen, response) => {
      response.writeHead(200).end(own.bytes);
      return true;
    });
    await expect(pull()).rejects.toMatchObject({ name: 'TcError', kind: 'environment' });
    expect(await sandbox.store().list()).toEqual([]);
  });

  it('is not fetched over plain HTTP, nor from a file', async () => {
    for (const url of [`http://${elsewhere.host}/x`, 'file:///etc/passwd', 'nonsense']) {
      serve(url);
      await expect(pull()).rejects.toMatchObject({ code: 'not-in-registry' });
    }
    expect(elsewhere.seen).toEqual([]);
  });

  it('that is an ordinary layer comes from nowhere else', async () => {
    serve(`https://${elsewhere.host}/files/${foreign.digest}`, foreign.mediaType);
    await expect(pull()).rejects.toMatchObject({ code: 'not-in-registry' });
    expect(elsewhere.seen).toEqual([]);
  });
});

describe('layers of nothing', () => {
  it('are pulled, several times the same and between others', async () => {
    const nothing = buildTar([]);
    const gaps = makeImage({ layers: [nothing, smallLayer('a'), nothing, nothing, smallLayer('b')] });
    registry.add('1', gaps);
    registry.script();
    const store = sandbox.store();
    await store.pull(`${registry.host}/gaps:1`);
    const { layers } = await store.resolve(`${registry.host}/gaps:1`, { directory: '/', policy: 'never' });
    expect(layers).toHaveLength(5);
    expect(readFileSync(`${layers[0]}/b`, 'utf8')).toBe('b');
    expect(readFileSync(`${layers[3]}/a`, 'utf8')).toBe('a');
    const [empty] = gaps.layers;
    expect(registry.askedFor(empty as FixtureImage['layers'][0])).toHaveLength(1);
  });
});
