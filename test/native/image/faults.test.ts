// Registries that lie, break, hang and are under attack. Whatever they do, the store holds whole, verified images only.

import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RegistrySettings } from '../../../src/image/registry/settings.ts';
import type { ImageStore } from '../../../src/image/store.ts';
import {
  blob,
  descriptor,
  type FixtureImage,
  json,
  makeImage,
  noise,
  smallLayer,
  zstd,
  zstdLayer,
} from './fixture-image.ts';
import { makeCertificates } from './registry-server.ts';
import { recorder, Sandbox } from './sandbox.ts';
import { isBlob, isManifest, type Rule, ScriptedRegistry, sendBlob } from './scripted-registry.ts';
import { buildTar, file, sha256, symlink } from './tar-builder.ts';

let sandbox: Sandbox;
let registry: ScriptedRegistry;
let store: ImageStore;
beforeEach(async () => {
  sandbox = new Sandbox();
  registry = await ScriptedRegistry.start();
  store = sandbox.store();
});
afterEach(() => {
  registry.stop();
  sandbox.dispose();
});

const list = (path: string) => (existsSync(sandbox.path(path)) ? readdirSync(sandbox.path(path)) : []);
const layers = () => list('data/layers').filter((name) => name !== 'staging');
const blobs = () => list('data/images/blobs/sha256');

/** One layer of noise, so that it has the same size compressed. */
const image = makeImage({
  layers: [buildTar([file('noise', '', { content: noise(600_000) }), file('a', 'a')])],
});
const [layer] = image.layers as [NonNullable<FixtureImage['layers'][0]>];
const name = () => `${registry.host}/bb:1`;
const pull = (more = {}) => store.pull(name(), more);

async function expectWhole(): Promise<void> {
  const resolved = await store.resolve(name(), { directory: '/', policy: 'never' });
  expect(readFileSync(`${resolved.layers[0]}/a`, 'utf8')).toBe('a');
  expect(statSync(`${resolved.layers[0]}/noise`).size).toBe(600_000);
  expect(list('data/images/ingest')).toEqual([]);
  expect(list('data/layers/staging')).toEqual([]);
}

/** No name, no layer, and of blobs at most the documents that were right. */
async function expectNothing({ partial = false } = {}): Promise<void> {
  expect(await store.list()).toEqual([]);
  expect(layers()).toEqual([]);
  expect(list('data/layers/staging')).toEqual([]);
  expect(blobs()).not.toContain(layer.digest.slice(7));
  if (!partial) expect(list('data/images/ingest')).toEqual([]);
}

describe('a connection that is cut in the middle of a blob', () => {
  const cutAt =
    (...offsets: number[]): Rule =>
    (seen, response, count) => {
      const offset = offsets[count - 1];
      if (!isBlob(seen, layer) || offset === undefined) return false;
      const from = Number(/\d+/.exec(seen.headers.range ?? '')?.[0] ?? 0);
      response.writeHead(from > 0 ? 206 : 200, {
        'content-length': layer.size - from,
        ...(from > 0 ? { 'content-range': `bytes ${from}-${layer.size - 1}/${layer.size}` } : {}),
      });
      response.write(layer.bytes.subarray(from, offset), () => response.destroy());
      return true;
    };

  it('goes on where it stopped, as often as it takes', async () => {
    registry.add('1', image);
    registry.script(cutAt(100_000, 250_000, 400_000));
    const told = recorder();
    await pull(told);
    await expectWhole();
    const starts = registry
      .askedFor(layer)
      .map(({ headers }) => Number(/\d+/.exec(headers.range ?? '0')?.[0]));
    // A connection that breaks may take along what was under way.
    expect(starts).toHaveLength(4);
    expect(starts).toEqual([...new Set(starts)].sort((one, two) => one - two));
    expect(told.events.filter(({ type }) => type === 'retry')).toHaveLength(3);
  });

  it('goes on in the next pull, if it was given up', async () => {
    registry.add('1', image);
    registry.script(cutAt(300_000), (seen, response) => {
      if (!isBlob(seen, layer)) return false;
      response.writeHead(404).end();
      return true;
    });
    await expect(pull()).rejects.toMatchObject({ code: 'not-in-registry' });
    await expectNothing({ partial: true });
    expect(list('data/images/ingest')).toEqual([layer.digest.slice(7)]);
    registry.script();
    await sandbox.store().pull(name());
    await expectWhole();
    expect(registry.askedFor(layer).at(-1)?.headers.range).toMatch(/^bytes=[1-9]\d{4,5}-$/);
  });

  it('from a server that knows no ranges', async () => {
    registry.add('1', image);
    registry.script(cutAt(300_000), (seen, response) => {
      if (!isBlob(seen, layer)) return false;
      sendBlob({ ...seen, headers: {} }, response, layer);
      return true;
    });
    await pull();
    await expectWhole();
  });

  it('from a server that sends another range than was asked for', async () => {
    registry.add('1', image);
    registry.script(cutAt(300_000), (seen, response) => {
      if (!isBlob(seen, layer)) return false;
      response
        .writeHead(206, { 'content-range': `bytes 0-${layer.size - 1}/${layer.size}` })
        .end(layer.bytes);
      return true;
    });
    await expect(pull()).rejects.toMatchObject({ code: 'registry-error' });
    await expectNothing({ partial: true });
  });

  it('that ends early without an error', async () => {
    registry.add('1', image);
    registry.script((seen, response, count) => {
      if (!isBlob(seen, layer) || count > 1) return false;
      response.writeHead(200).end(layer.bytes.subarray(0, 1000));
      return true;
    });
    await pull();
    await expectWhole();
  });

  it('what an earlier attempt left is not trusted', async () => {
    registry.add('1', image);
    sandbox.write(`data/images/ingest/${layer.digest.slice(7)}`, Buffer.alloc(200_000, 'rotten'));
    await pull();
    await expectWhole();
    expect(registry.askedFor(layer).at(-1)?.headers.range).toBeUndefined();
  });

  it('what an earlier attempt left may be more than there is', async () => {
    registry.add('1', image);
    sandbox.write(`data/images/ingest/${layer.digest.slice(7)}`, Buffer.alloc(layer.size + 1));
    await pull();
    await expectWhole();
  });
});

describe('wrong content is refused, and nothing of it is kept', () => {
  const serve =
    (target: { digest: string }, bytes: Buffer): Rule =>
    (seen, response) => {
      if (!seen.url.endsWith(target.digest)) return false;
      response.writeHead(200).end(bytes);
      return true;
    };
  const flipped = (bytes: Buffer) => {
    const copy = Buffer.from(bytes);
    copy[copy.length >> 1] = (copy[copy.length >> 1] ?? 0) ^ 1;
    return copy;
  };

  it('a layer with one bit changed', async () => {
    registry.add('1', image);
    registry.script(serve(layer, flipped(layer.bytes)));
    await expect(pull()).rejects.toMatchObject({ name: 'TcError' });
    await expectNothing();
  });

  it('another layer that unpacks well', async () => {
    const other = gzipSync(buildTar([file('noise', '', { content: noise(600_000) }), file('a', 'b')]));
    registry.add('1', image);
    registry.script(
      serve(
        layer,
        Buffer.concat([other, Buffer.alloc(Math.max(0, layer.size - other.length))]).subarray(0, layer.size),
      ),
    );
    await expect(pull()).rejects.toMatchObject({ name: 'TcError' });
    await expectNothing();
  });

  it('a layer that goes on after its size', async () => {
    registry.add('1', image);
    registry.script(serve(layer, Buffer.concat([layer.bytes, Buffer.from('more')])));
    await expect(pull()).rejects.toMatchObject({ code: 'digest-mismatch' });
    await expectNothing();
  });

  it('a config with other content', async () => {
    registry.add('1', image);
    registry.script(serve(image.config, flipped(image.config.bytes)));
    await expect(pull()).rejects.toMatchObject({ code: 'digest-mismatch' });
    await expectNothing();
  });

  it('a manifest under a digest that is not its own', async () => {
    registry.add('1', image);
    registry.script(serve(image.manifest, makeImage({ layers: [smallLayer('x')] }).manifest.bytes));
    await expect(store.pull(`${registry.host}/bb@${image.manifest.digest}`)).rejects.toMatchObject({
      code: 'malformed-image',
    });
    await expectNothing();
  });

  it('a manifest whose digest is not the one that the registry states', async () => {
    registry.add('1', image);
    registry.script((seen, response) => {
      if (!isManifest(seen)) return false;
      response.writeHead(200, { 'docker-content-digest': layer.digest }).end(image.manifest.bytes);
      return true;
    });
    await expect(pull()).rejects.toMatchObject({ code: 'malformed-image' });
    await expectNothing();
  });

  it('a manifest of more than 4 MiB, read no further', async () => {
    registry.script((seen, response) => {
      if (!isManifest(seen)) return false;
      response.writeHead(200);
      const pour = () => {
        while (!response.destroyed && response.write(Buffer.alloc(1 << 20, ' ')));
        response.once('drain', pour);
      };
      pour();
      return true;
    });
    await expect(pull()).rejects.toMatchObject({ code: 'document-too-large' });
    await expectNothing();
  });

  it('an index that leads in a circle', async () => {
    const media = 'application/vnd.oci.image.index.v1+json';
    const platform = { os: 'linux', architecture: 'amd64' };
    let inner = json(media, { schemaVersion: 2, mediaType: media, manifests: [] });
    for (let depth = 0; depth < 5; depth++) {
      registry.addBlobs([inner]);
      inner = json(media, {
        schemaVersion: 2,
        mediaType: media,
        manifests: [{ ...descriptor(inner), platform }],
      });
    }
    registry.tag('1', inner);
    await expect(pull()).rejects.toThrow(/nested too deep/);
  });

  function spoilt(zst: Buffer): Buffer {
    return Buffer.from(zst.fill(0xff, 1000, 1100));
  }

  const bad: Record<string, { image: FixtureImage; code: string }> = {
    'a truncated gzip': {
      image: makeImage({ compress: (tar) => gzipSync(tar).subarray(0, -100) }),
      code: 'corrupt-layer',
    },
    'a corrupt gzip': {
      image: makeImage({ compress: (tar) => flipped(gzipSync(tar)) }),
      code: 'corrupt-layer',
    },
    'a truncated zstd': {
      image: makeImage({ compress: (tar) => zstd(tar).subarray(0, -100), layerType: zstdLayer }),
      code: 'corrupt-layer',
    },
    'a corrupt zstd': {
      image: makeImage({ compress: (tar) => spoilt(zstd(tar)), layerType: zstdLayer }),
      code: 'corrupt-layer',
    },
    'a zstd that goes on after its end': {
      image: makeImage({ compress: (tar) => Buffer.concat([zstd(tar), noise(100)]), layerType: zstdLayer }),
      code: 'corrupt-layer',
    },
    'a layer that is no tar': {
      image: makeImage({ layers: [Buffer.alloc(5000, 'no')] }),
      code: 'malformed-layer',
    },
    'a layer that climbs out': {
      image: makeImage({ layers: [buildTar([file('../x', '')])] }),
      code: 'malformed-layer',
    },
    'a layer whose root is a symlink': {
      image: makeImage({ layers: [buildTar([symlink('.', '/')])] }),
      code: 'malformed-layer',
    },
    'a layer with another diff id': {
      image: makeImage({ diffIds: [sha256('other')] }),
      code: 'diff-id-mismatch',
    },
    'a config with more layers than the manifest': {
      image: makeImage({ diffIds: [sha256('1'), sha256('2')] }),
      code: 'malformed-image',
    },
    'a layer compressed with xz': {
      image: makeImage({ compress: () => Buffer.from('fd377a585a0000', 'hex') }),
      code: 'unsupported-compression',
    },
  };
  for (const [what, { image: lying, code }] of Object.entries(bad)) {
    it(what, async () => {
      registry.add('1', lying);
      await expect(pull()).rejects.toMatchObject({ code });
      await expectNothing();
      expect(blobs()).toEqual([lying.config.digest.slice(7)].filter((digest) => blobs().includes(digest)));
    });
  }

  it('one bad layer ends the pull, however slow the others are', async () => {
    const two = makeImage({ layers: [buildTar([file('../x', '')]), smallLayer('slow')] });
    registry.add('1', two);
    registry.script((seen, response) => {
      if (!isBlob(seen, two.layers[1] as (typeof two.layers)[0])) return false;
      response.writeHead(200).flushHeaders();
      return true;
    });
    const patient = sandbox.store({ registries: { environment: {}, silenceMs: 3_600_000 } });
    await expect(patient.pull(name())).rejects.toMatchObject({ code: 'malformed-layer' });
    await expectNothing();
  });

  it('a manifest that lies about sizes, upwards and downwards', async () => {
    for (const lie of [-1, 1, 1_000_000]) {
      const manifest = json(image.manifest.mediaType, {
        ...JSON.parse(image.manifest.bytes.toString()),
        layers: [{ ...descriptor(layer), size: layer.size + lie }],
      });
      registry.add('1', image);
      registry.tag('1', manifest);
      await expect(pull()).rejects.toMatchObject({ name: 'TcError', kind: 'environment' });
      expect(await store.list()).toEqual([]);
      expect(layers()).toEqual([]);
    }
  });

  it('a decompression bomb stops at a bound, not at a full disk', async () => {
    // Members of 256 MiB of zeros, each 260 KiB: 2.5 GiB from 2.6 MiB.
    const member = gzipSync(Buffer.alloc(256 << 20), { level: 9 });
    const header = gzipSync(buildTar([{ name: 'zeros', size: 2.5 * 2 ** 30 }], { end: false }));
    const bomb = blob(layer.mediaType, Buffer.concat([header, ...Array.from({ length: 10 }, () => member)]));
    const config = json(image.config.mediaType, { rootfs: { type: 'layers', diff_ids: [sha256('x')] } });
    const manifest = json(image.manifest.mediaType, {
      schemaVersion: 2,
      config: descriptor(config),
      layers: [descriptor(bomb)],
    });
    registry.addBlobs([bomb, config]);
    registry.tag('1', manifest);
    await expect(pull()).rejects.toMatchObject({ code: 'decompression-bomb' });
    await expectNothing();
  });
});

describe('answers that are refusals', () => {
  const answer =
    (status: number, headers = {}, body = ''): Rule =>
    (seen, response) => {
      if (!isManifest(seen)) return false;
      response.writeHead(status, headers).end(body);
      return true;
    };
  const errors = (message: string) => JSON.stringify({ errors: [{ code: 'X', message }] });

  const cases: [number, string, object, string, RegExp][] = [
    [
      401,
      'registry-unauthorized',
      { 'www-authenticate': 'Basic realm="x"' },
      errors('authentication required'),
      /authentication required/,
    ],
    [401, 'registry-unauthorized', {}, '', /401/],
    [403, 'registry-denied', {}, errors('requested access to the resource is denied'), /is denied/],
    [404, 'not-in-registry', {}, errors('manifest unknown'), /manifest unknown/],
    [404, 'not-in-registry', {}, '<html>not JSON</html>', /is not in the registry: 127[^<]*$/],
    [400, 'registry-error', {}, errors('\u001b[2Jbad\nthing'), /400: {2}?\S*\[2Jbad thing/],
  ];
  for (const [status, code, headers, body, message] of cases) {
    it(`${status} ${JSON.stringify(body).slice(0, 40)}`, async () => {
      registry.script(answer(status, headers, body));
      const failure = pull();
      await expect(failure).rejects.toMatchObject({ code });
      await expect(failure).rejects.toThrow(message);
      expect(registry.seen.filter(isManifest)).toHaveLength(1);
    });
  }

  it('429: told with the limit, tried again as told', async () => {
    registry.add('1', image);
    const limited: Rule = (seen, response, count) =>
      isManifest(seen) && count === 1 && answer(429, { 'retry-after': '0' })(seen, response, count);
    registry.script(limited);
    const told = recorder();
    await pull(told);
    expect(told.events).toContainEqual(
      expect.objectContaining({ type: 'retry', why: expect.stringContaining('rate limit') }),
    );
    registry.script(answer(429, { 'retry-after': '3600', 'ratelimit-limit': '100;w=21600' }));
    await expect(store.pull(`${registry.host}/other:1`)).rejects.toMatchObject({
      code: 'registry-rate-limit',
      hints: ['it allows 100 pulls in 6 hours', expect.stringContaining('log in')],
    });
  });

  it('500: tried again, and told when it stays so', async () => {
    registry.add('1', image);
    registry.script((_seen, response, count) => {
      if (count > 2) return false;
      response.writeHead(503).end();
      return true;
    });
    await pull();
    await expectWhole();
    registry.script(answer(500, {}, errors('out of order')));
    await expect(store.pull(`${registry.host}/other:1`)).rejects.toThrow(/out of order/);
    expect(registry.seen.filter(({ url }) => url.includes('/other/'))).toHaveLength(6);
  });

  it('a registry that hangs before it answers, and in the middle of a blob', async () => {
    const impatient = sandbox.store({ registries: { environment: {}, silenceMs: 200, retryDelayMs: 1 } });
    registry.add('1', image);
    registry.script((seen) => isManifest(seen));
    const before = impatient.pull(name());
    await expect(before).rejects.toMatchObject({ code: 'registry-timeout' });
    await expect(before).rejects.toThrow(/has not answered for 0\.2 s/);
    registry.script((seen, response) => {
      if (!isBlob(seen, layer)) return false;
      response.writeHead(200);
      if (seen.headers.range === undefined) response.write(layer.bytes.subarray(0, 1000));
      return true;
    });
    await expect(impatient.pull(name())).rejects.toMatchObject({ code: 'registry-timeout' });
    await expectNothing({ partial: true });
  });

  it('a host that does not exist, a port where nobody listens', async () => {
    await expect(store.pull('registry.invalid/a')).rejects.toMatchObject({ code: 'registry-unreachable' });
    const nobody = name();
    registry.stop();
    await expect(store.pull(nobody)).rejects.toMatchObject({ code: 'registry-unreachable' });
  });

  it('a pull that is aborted leaves nothing that is half', async () => {
    const abort = new AbortController();
    registry.add('1', image);
    registry.script((seen, response) => {
      if (!isBlob(seen, layer)) return false;
      response.writeHead(200);
      response.write(layer.bytes.subarray(0, 200_000), () => abort.abort());
      return true;
    });
    await expect(pull({ signal: abort.signal })).rejects.toMatchObject({ name: 'AbortError' });
    await expectNothing({ partial: true });
    registry.script();
    await pull();
    await expectWhole();
  });
});

describe('credentials', () => {
  const secret = `Basic ${Buffer.from('me:secret').toString('base64')}`;
  let other: ScriptedRegistry;
  beforeEach(async () => {
    other = await ScriptedRegistry.start();
    const auths = { [registry.host]: { username: 'me', password: 'secret' } };
    sandbox.write('home/.docker/config.json', JSON.stringify({ auths }));
  });
  afterEach(() => other.stop());

  const basic: Rule = (seen, response) => {
    if (seen.headers.authorization !== undefined) return false;
    response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
    return true;
  };

  it('are not sent before they are asked for, and not along with a redirect to another host', async () => {
    registry.add('1', image);
    other.add('1', image);
    registry.script(basic, (seen, response) => {
      if (!isBlob(seen, layer)) return false;
      response.writeHead(307, { location: `http://${other.host}/elsewhere/blobs/${layer.digest}` }).end();
      return true;
    });
    await pull();
    await expectWhole();
    expect(registry.seen[0]?.headers.authorization).toBeUndefined();
    expect(registry.seen.at(-1)?.headers.authorization).toBe(secret);
    expect(other.seen).toHaveLength(1);
    expect(other.seen[0]?.headers.authorization).toBeUndefined();
  });

  it('stay with a redirect on the same host', async () => {
    registry.add('1', image);
    registry.script(basic, (seen, response) => {
      if (!isBlob(seen, layer) || seen.url.startsWith('/moved')) return false;
      response.writeHead(302, { location: `/moved/blobs/${layer.digest}` }).end();
      return true;
    });
    await pull();
    expect(registry.seen.at(-1)?.headers.authorization).toBe(secret);
  });

  it('a redirect in a circle, to nowhere, to a file', async () => {
    for (const location of ['', 'http://[', 'file:///etc/passwd', 'ftp://x/y']) {
      registry.script((seen, response) => {
        response.writeHead(307, { location: location || seen.url }).end();
        return true;
      });
      await expect(pull()).rejects.toMatchObject({ code: 'registry-redirect' });
    }
  });

  it('are not sent to a realm on another host without TLS', async () => {
    registry.script((seen, response) => {
      const realm = `http://localhost:${other.host.split(':')[1]}/token`;
      response.writeHead(401, { 'www-authenticate': `Bearer realm="${realm}",service="x"` }).end();
      return seen.url !== '';
    });
    await expect(pull()).rejects.toMatchObject({ code: 'untrusted-realm' });
    expect(other.seen).toEqual([]);
  });

  it('a token that is refused is fetched once more, and then it is enough', async () => {
    registry.script((seen, response) => {
      if (seen.url.startsWith('/token')) response.end('{"token":"abc"}');
      else
        response.writeHead(401, { 'www-authenticate': `Bearer realm="http://${registry.host}/token"` }).end();
      return true;
    });
    await expect(pull()).rejects.toMatchObject({ code: 'registry-unauthorized' });
    expect(registry.seen.filter(({ url }) => url.startsWith('/token'))).toHaveLength(1);
    expect(registry.seen.find(({ url }) => url.startsWith('/token'))?.headers.authorization).toBe(secret);
  });

  it('a token that expires in the middle is renewed', async () => {
    registry.add('1', image);
    let valid = 1;
    registry.script((seen, response) => {
      if (seen.url.startsWith('/token')) {
        response.end(JSON.stringify({ token: `t${++valid}`, expires_in: 3600 }));
        return true;
      }
      if (isBlob(seen, layer) && seen.headers.authorization === 'Bearer t2') valid = 2.5;
      if (seen.headers.authorization === `Bearer t${valid}`) return false;
      if (valid === 2.5) valid = 2;
      response.writeHead(401, { 'www-authenticate': `Bearer realm="http://${registry.host}/token"` }).end();
      return true;
    });
    await pull();
    await expectWhole();
    expect(registry.seen.filter(({ url }) => url.startsWith('/token'))).toHaveLength(2);
  });

  it('an identity token is exchanged by POST', async () => {
    const auths = {
      [registry.host]: { auth: Buffer.from('x:y').toString('base64'), identitytoken: 'refresh me' },
    };
    sandbox.write('home/.docker/config.json', JSON.stringify({ auths }));
    registry.add('1', image);
    registry.script((seen, response) => {
      if (seen.url.startsWith('/token')) response.end('{"access_token":"abc"}');
      else if (seen.headers.authorization === 'Bearer abc') return false;
      else
        response.writeHead(401, { 'www-authenticate': `Bearer realm="http://${registry.host}/token"` }).end();
      return true;
    });
    await pull();
    expect(registry.seen.find(({ url }) => url.startsWith('/token'))?.method).toBe('POST');
  });
});

describe('proxies', () => {
  /** Knows one name that nobody else does: registry.test is the scripted registry. */
  async function startProxy(target: string) {
    const asked: string[] = [];
    const [host = '', port = ''] = target.split(':');
    const proxy = createServer((request, response) => {
      asked.push(`${request.headers['proxy-authorization']} ${request.method} ${request.url}`);
      const url = new URL(request.url ?? '');
      const { 'proxy-authorization': _, ...headers } = request.headers;
      const onward = httpRequest(
        { host, port, path: url.pathname + url.search, method: request.method, headers },
        (answer) => {
          response.writeHead(answer.statusCode ?? 500, answer.headers);
          answer.pipe(response);
        },
      );
      request.pipe(onward);
    });
    proxy.on('connect', (request, socket) => {
      asked.push(`${request.headers['proxy-authorization']} CONNECT ${request.url}`);
      if (request.url?.startsWith('denied')) return void socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      const onward = connect(Number(port), host, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        onward.pipe(socket).pipe(onward);
      });
      onward.on('error', () => socket.destroy());
      socket.on('error', () => onward.destroy());
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const close = () => {
      proxy.close();
      proxy.closeAllConnections();
    };
    return { asked, close, url: `http://us%40er:pass@127.0.0.1:${(proxy.address() as AddressInfo).port}` };
  }

  const authorization = `Basic ${Buffer.from('us@er:pass').toString('base64')}`;
  const through = (environment: RegistrySettings['environment'], more: Partial<RegistrySettings> = {}) =>
    sandbox.store({
      registries: { environment: { HOME: sandbox.path('home'), ...environment }, retryDelayMs: 1, ...more },
    });

  it('TLS through CONNECT, verified to the registry', async () => {
    const { key, cert } = makeCertificates(sandbox);
    const secure = await ScriptedRegistry.start({ key: readFileSync(key), cert: readFileSync(cert) });
    const proxy = await startProxy(secure.host);
    try {
      secure.add('1', image);
      sandbox.write('certs.d/registry.test:5443/ca.crt', readFileSync(cert));
      const certificates = [sandbox.path('certs.d')];
      await through({ HTTPS_PROXY: proxy.url }, { certificates }).pull('registry.test:5443/bb:1');
      expect(new Set(proxy.asked)).toEqual(new Set([`${authorization} CONNECT registry.test:5443`]));
      expect(secure.seen.every(({ headers }) => headers['proxy-authorization'] === undefined)).toBe(true);
      await expect(
        through({ HTTPS_PROXY: proxy.url }, { certificates: [] }).pull('registry.test:5443/bb:1'),
      ).rejects.toMatchObject({
        code: 'registry-certificate',
      });
      await expect(through({ HTTPS_PROXY: proxy.url }).pull('denied.test/bb:1')).rejects.toThrow(
        /answered 403 to CONNECT/,
      );
    } finally {
      proxy.close();
      secure.stop();
    }
  });

  it('are passed by for what NO_PROXY names', async () => {
    const proxy = await startProxy('127.0.0.1:1');
    try {
      registry.add('1', image);
      const insecure = ['registry.test'];
      const environment = { HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url, NO_PROXY: '127.0.0.0/8' };
      await through(environment, { insecure }).pull(name());
      await expectWhole();
      expect(proxy.asked).toEqual([]);
      await expect(through(environment, { insecure }).pull('registry.test/bb:1')).rejects.toMatchObject({
        name: 'TcError',
      });
      expect(proxy.asked.length).toBeGreaterThan(0);
    } finally {
      proxy.close();
    }
  });

  it('plain HTTP, for a registry that is named insecure', async () => {
    const proxy = await startProxy(registry.host);
    try {
      registry.add('1', image);
      const insecure = ['registry.test:5000'];
      await through(
        { HTTP_PROXY: proxy.url },
        { insecure, mirrors: { 'registry.test:5000': ['http://registry.test:5000'] } },
      ).pull('registry.test:5000/bb:1');
      expect(proxy.asked[0]).toBe(`${authorization} GET http://registry.test:5000/v2/bb/manifests/1`);
      expect(registry.seen[0]?.headers.host).toBe('registry.test:5000');
    } finally {
      proxy.close();
    }
  });
});

describe('push', () => {
  it('goes on after a connection that was cut in the middle of a chunk', async () => {
    registry.add('1', image);
    await pull();
    const chunks: string[] = [];
    let received = 0;
    let isCut = false;
    registry.script((seen, response) => {
      const location = `/v2/copy/blobs/uploads/x`;
      if (seen.method === 'HEAD') response.writeHead(404).end();
      else if (seen.method === 'POST') response.writeHead(202, { location }).end();
      else if (seen.method === 'PATCH') {
        chunks.push(seen.headers['content-range'] ?? '');
        const end = Number(seen.headers['content-range']?.split('-')[1]) + 1;
        if (end === layer.size && !isCut) {
          isCut = true;
          received = 1000;
          response.destroy();
        } else {
          response.writeHead(202, { location, range: `0-${end - 1}` }).end();
        }
      } else if (seen.method === 'GET')
        response.writeHead(204, { location, range: `0-${received - 1}` }).end();
      else response.writeHead(201).end();
      return true;
    });
    await store.tag(name(), `${registry.host}/copy:1`);
    const pushed = await store.push(`${registry.host}/copy:1`);
    expect(pushed.digest).toBe(image.manifest.digest);
    expect(chunks).toContain(`1000-${layer.size - 1}`);
  });

  it('sends no credentials along to another host that takes the blobs', async () => {
    const other = await ScriptedRegistry.start();
    try {
      registry.add('1', image);
      await pull();
      const auths = { [registry.host]: { username: 'me', password: 'secret' } };
      sandbox.write('home/.docker/config.json', JSON.stringify({ auths }));
      other.script((seen, response) => {
        const location = `http://${other.host}/uploads/x`;
        response.writeHead(seen.method === 'PUT' ? 201 : 202, { location }).end();
        return true;
      });
      registry.script((seen, response) => {
        if (seen.headers.authorization === undefined)
          response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
        else if (seen.method === 'HEAD') response.writeHead(404).end();
        else if (seen.method === 'POST')
          response.writeHead(202, { location: `http://${other.host}/uploads/x` }).end();
        else response.writeHead(201).end();
        return true;
      });
      await store.tag(name(), `${registry.host}/copy:1`);
      await store.push(`${registry.host}/copy:1`);
      expect(new Set(other.seen.map(({ method }) => method))).toEqual(new Set(['PATCH', 'PUT']));
      expect(other.seen.filter(({ headers }) => headers.authorization !== undefined)).toEqual([]);
    } finally {
      other.stop();
    }
  });

  it('is refused in words', async () => {
    registry.add('1', image);
    await pull();
    registry.script((seen, response) => {
      response
        .writeHead(seen.method === 'HEAD' ? 404 : 405)
        .end('{"errors":[{"message":"pull through cache"}]}');
      return true;
    });
    await expect(store.push(name())).rejects.toThrow(/405: pull through cache/);
  });
});
