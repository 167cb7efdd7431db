// The image store from outside: archives of other tools go in, files come out, other tools read what it keeps.

import {
  createWriteStream,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ImageStore } from '../../../src/image/store.ts';
import {
  busyboxLayer,
  descriptor,
  imageBlobs,
  makeImage,
  makeIndex,
  noise,
  smallLayer,
  writeBlobs,
  writeIndex,
  writeLayout,
  zstd,
  zstdLayer,
} from './fixture-image.ts';
import { collect, once, recorder, run, runIn, Sandbox } from './sandbox.ts';
import { buildTar, directory, file, symlink } from './tar-builder.ts';

let sandbox: Sandbox;
let store: ImageStore;
beforeEach(() => {
  sandbox = new Sandbox();
  store = sandbox.store();
});
afterEach(() => sandbox.dispose());

const resolve = (reference: string, more = {}) =>
  store.resolve(reference, { directory: sandbox.directory, ...more });
const blobs = () => readdirSync(sandbox.path('data/images/blobs/sha256')).sort();
const layers = () => readdirSync(sandbox.path('data/layers')).filter((name) => /^[0-9a-f]{64}$/.test(name));
const inStore = (name: string) => `oci:${sandbox.path('data/images')}:${name}`;

/** What a container would see: the layers as overlayfs stacks them, looked at in a namespace of its own. */
function look(image: { readonly layers: readonly string[] }, command: string): string {
  const [first = ''] = image.layers;
  const lower =
    image.layers.length > 1 ? image.layers.join(':') : `${first}:${sandbox.makeDirectory('nothing')}`;
  const target = sandbox.makeDirectory('merged');
  const script = `mount -t overlay overlay -o "ro,lowerdir=${lower}" "${target}"; cd "${target}"; ${command}`;
  return run('unshare', '-m', 'sh', '-ec', script).trim();
}

describe('image: names', () => {
  it('docker-archive: as skopeo writes it; the second time nothing is read', async () => {
    const image = makeImage({
      layers: [busyboxLayer(), smallLayer('a')],
      config: { Cmd: ['sh'], Env: ['A=b'] },
    });
    writeLayout(sandbox, 'oci', [{ image, name: 'x' }]);
    runIn(
      sandbox.directory,
      'skopeo',
      'copy',
      '-q',
      'oci:oci:x',
      'docker-archive:a.tar:docker.io/library/bb:1',
    );
    const first = recorder();
    const resolved = await resolve('docker-archive:a.tar', first);
    expect(resolved).toMatchObject({
      id: image.config.digest,
      config: { Cmd: ['sh'], Env: ['A=b'] },
      mounts: [],
    });
    expect(resolved.layers).toHaveLength(2);
    expect(look(resolved, 'cat a; ls -l bin/sh')).toContain('sh -> busybox');
    expect(first.events.at(-1)).toMatchObject({ type: 'done' });
    const second = recorder();
    expect(await resolve('docker-archive:./a.tar', second)).toEqual({
      ...resolved,
      reference: 'docker-archive:./a.tar',
    });
    expect(second.events).toEqual([]);
    // No name in the archive has become a name in the store.
    expect((await store.list()).map(({ name }) => name)).toEqual([undefined]);
  });

  it('an archive that has changed is read again', async () => {
    for (const content of ['one', 'two']) {
      const image = makeImage({ layers: [smallLayer('f', content)] });
      run('rm', '-rf', sandbox.path('oci'));
      writeLayout(sandbox, 'oci', [{ image }]);
      runIn(sandbox.directory, 'tar', '-C', 'oci', '-cf', 'a.tar', '.');
      expect((await resolve('oci-archive:a.tar')).id).toBe(image.config.digest);
      expect((await resolve('oci:oci')).id).toBe(image.config.digest);
    }
  });

  it('one of several images in an archive', async () => {
    const [one, two] = [makeImage({ layers: [smallLayer('1')] }), makeImage({ layers: [smallLayer('2')] })];
    writeLayout(sandbox, 'oci', [
      { image: one, name: 'example.com/a:1' },
      { image: two, name: 'b' },
    ]);
    expect((await resolve('oci:oci:b')).id).toBe(two.config.digest);
    expect((await resolve('oci:oci:example.com/a:1')).id).toBe(one.config.digest);
    await expect(resolve('oci:oci')).rejects.toMatchObject({
      code: 'no-such-image',
      hints: [/example\.com\/a:1, b/],
    });
    await expect(resolve('oci:oci:c')).rejects.toMatchObject({ code: 'no-such-image' });
    await store.load(sandbox.path('oci'));
    await store.tag(two.config.digest, 'c:2');
    await pipeline(
      store.save(['example.com/a:1', 'c:2'], 'docker-archive'),
      createWriteStream(sandbox.path('m.tar')),
    );
    expect((await resolve('docker-archive:m.tar:c:2')).id).toBe(two.config.digest);
    expect((await resolve('docker-archive:m.tar:@0')).id).toBe(one.config.digest);
    await expect(resolve('docker-archive:m.tar')).rejects.toMatchObject({ code: 'no-such-image' });
    await expect(resolve('docker-archive:m.tar:@7')).rejects.toMatchObject({ code: 'no-such-image' });
  });

  it('rootfs:', async () => {
    sandbox.write('root/etc/motd', 'hi');
    const resolved = await resolve('rootfs:root');
    expect(resolved).toMatchObject({ config: {}, layers: [sandbox.path('root')], mounts: [] });
    expect((await resolve(`rootfs:${sandbox.path('root/../root')}`)).id).toBe(resolved.id);
    await expect(resolve('rootfs:root/etc/motd')).rejects.toMatchObject({ code: 'no-such-image' });
  });

  it('an image id', async () => {
    const image = makeImage();
    await store.load(writeLayout(sandbox, 'oci', [{ image, name: 'bb:1' }]));
    expect((await resolve(image.config.digest)).layers).toHaveLength(1);
    await expect(resolve(`sha256:${'0'.repeat(64)}`)).rejects.toMatchObject({ code: 'no-such-image' });
  });

  const missing: Record<string, string> = {
    'docker-archive:nowhere.tar': 'no-such-archive',
    'oci-archive:nowhere.tar': 'no-such-archive',
    'oci:nowhere': 'no-such-archive',
    'rootfs:nowhere': 'no-such-image',
    'docker-archive:.': 'no-such-archive',
  };
  for (const [reference, code] of Object.entries(missing)) {
    it(`${reference} is one clear error with a position`, async () => {
      const source = { file: '/p/compose.yaml', line: 3, col: 12 };
      const failure = resolve(reference, { source });
      await expect(failure).rejects.toMatchObject({ name: 'TcError', code, source });
      await expect(failure).rejects.toThrow(reference.split(':')[1] === '.' ? sandbox.directory : 'nowhere');
    });
  }

  it('are described without anything being written', async () => {
    const image = makeImage();
    writeLayout(sandbox, 'oci', [{ image }]);
    runIn(sandbox.directory, 'tar', '-C', 'oci', '-cf', 'a.tar', '.');
    const request = { directory: sandbox.directory };
    expect(await store.describe('oci-archive:a.tar', request)).toEqual({
      id: image.config.digest,
      config: { Cmd: ['sh'] },
    });
    expect(await store.describe('nowhere.example/a', request)).toBeUndefined();
    expect(layers()).toEqual([]);
    await resolve('oci-archive:a.tar');
    expect((await store.describe('oci-archive:a.tar', request))?.id).toBe(image.config.digest);
  });
});

describe('archives of other tools', () => {
  it('the layout of docker save before 25: directories, symlinks between equal layers, legacy files', async () => {
    const [base, top] = [busyboxLayer(), smallLayer('top')];
    const image = makeImage({ layers: [base, top, base] });
    const archive = buildTar([
      directory('1111'),
      file('1111/VERSION', '1.0'),
      file('1111/json', '{}'),
      file('1111/layer.tar', base.toString('latin1') && '', { content: base }),
      file('2222/layer.tar', '', { content: top }),
      symlink('3333/layer.tar', '../1111/layer.tar'),
      file(`${image.config.digest.slice(7)}.json`, '', { content: image.config.bytes }),
      file('repositories', '{}'),
      file(
        'manifest.json',
        JSON.stringify([
          {
            Config: `${image.config.digest.slice(7)}.json`,
            RepoTags: ['team/bb:1', 'team/bb:2'],
            Layers: ['1111/layer.tar', '2222/layer.tar', '3333/layer.tar'],
          },
        ]),
      ),
    ]);
    const loaded = await store.load(sandbox.write('old.tar', archive));
    expect(loaded.map(({ name }) => name)).toEqual(['docker.io/team/bb:1', 'docker.io/team/bb:2']);
    const resolved = await resolve('team/bb:2', { policy: 'never' });
    expect(resolved.id).toBe(image.config.digest);
    expect(look(resolved, 'cat top')).toBe('top');
    // Three layers of two contents.
    expect(new Set(resolved.layers).size).toBe(3);
    expect(blobs()).toHaveLength(4);
  });

  it('a podman save: config and layers at the top, names fully written out', async () => {
    const layer = busyboxLayer();
    const image = makeImage({ layers: [layer] });
    const archive = buildTar([
      file(`${image.diffIds[0]?.slice(7)}.tar`, '', { content: layer }),
      file(`${image.config.digest.slice(7)}.json`, '', { content: image.config.bytes }),
      symlink(`${image.diffIds[0]?.slice(7)}/layer.tar`, `../${image.diffIds[0]?.slice(7)}.tar`),
      file(
        'manifest.json',
        JSON.stringify([
          {
            Config: `${image.config.digest.slice(7)}.json`,
            RepoTags: ['localhost/bb:1'],
            Layers: [`${image.diffIds[0]?.slice(7)}.tar`],
          },
        ]),
      ),
    ]);
    await store.load(sandbox.write('podman.tar', archive));
    expect((await resolve('localhost/bb:1')).id).toBe(image.config.digest);
  });

  it('with compressed layers, and compressed as a whole, from a file and from a stream', async () => {
    const layer = smallLayer('a');
    const image = makeImage({ layers: [layer] });
    const archive = buildTar([
      file('c.json', '', { content: image.config.bytes }),
      file('l.tgz', '', { content: gzipSync(layer) }),
      file('manifest.json', JSON.stringify([{ Config: 'c.json', RepoTags: null, Layers: ['l.tgz'] }])),
    ]);
    const [fromFile] = await store.load(sandbox.write('a.tar.gz', gzipSync(archive)));
    expect(fromFile?.imageId).toBe(image.config.digest);
    const other = sandbox.store({ root: sandbox.path('other') });
    const [fromStream] = await other.load(once(gzipSync(archive)));
    expect(fromStream?.digest).toBe(fromFile?.digest);
    expect(readdirSync(sandbox.path('other/layers/staging'))).toEqual([]);
  });

  it('an index chooses the platform', async () => {
    const images = {
      amd64: makeImage(),
      arm64: makeImage({ architecture: 'arm64', layers: [smallLayer('arm')] }),
    };
    const index = makeIndex(images);
    writeBlobs(sandbox, 'oci', [index, ...imageBlobs(images.amd64), ...imageBlobs(images.arm64)]);
    writeIndex(sandbox, 'oci', [descriptor(index)]);
    expect((await resolve('oci:oci', { platform: 'linux/amd64' })).id).toBe(images.amd64.config.digest);
    expect((await resolve('oci:oci', { platform: 'linux/arm64' })).id).toBe(images.arm64.config.digest);
    await expect(resolve('oci:oci', { platform: 'linux/s390x' })).rejects.toMatchObject({
      code: 'no-such-platform',
    });
  });

  const broken: Record<string, Buffer> = {
    noise: Buffer.alloc(4096, 'noise'),
    'an empty file': Buffer.alloc(0),
    'a tar of something else': buildTar([file('a', 'b')]),
    'a manifest.json that is none': buildTar([file('manifest.json', '{')]),
    'a layer that is missing': buildTar([
      file('c.json', '', { content: makeImage().config.bytes }),
      file('manifest.json', JSON.stringify([{ Config: 'c.json', Layers: ['gone.tar'] }])),
    ]),
    'a layer with another content': buildTar([
      file('c.json', '', { content: makeImage().config.bytes }),
      file('l.tar', '', { content: smallLayer('other') }),
      file('manifest.json', JSON.stringify([{ Config: 'c.json', Layers: ['l.tar'] }])),
    ]),
    'a truncated archive': buildTar([file('manifest.json', 'x'.repeat(2000))]).subarray(0, 1000),
    'a link to nowhere': buildTar([symlink('manifest.json', '../../etc/passwd')]),
  };
  for (const [name, bytes] of Object.entries(broken)) {
    it(`${name} is refused, and nothing is kept`, async () => {
      await expect(store.load(sandbox.write('bad.tar', bytes))).rejects.toMatchObject({ name: 'TcError' });
      expect(await store.list()).toEqual([]);
      expect(layers()).toEqual([]);
    });
  }
});

describe('layers', () => {
  it('stack: whiteouts, opaque directories, symlinked parents across layers', async () => {
    const image = makeImage({
      layers: [
        buildTar([
          directory('usr/lib'),
          file('usr/lib/old', 'old'),
          symlink('lib', 'usr/lib'),
          directory('d'),
          file('d/a', 'a'),
          directory('o', { mode: 0o1777, uid: 3 }),
          file('o/hidden', 'x'),
          file('gone', 'x'),
        ]),
        buildTar([
          file('.wh.gone'),
          file('d/b', 'b'),
          file('o/.wh..wh..opq'),
          file('o/new', 'y'),
          file('lib/so', 'so'),
        ]),
      ],
    });
    const resolved = await resolve(`oci:${writeLayout(sandbox, 'oci', [{ image }])}`);
    expect(look(resolved, 'find . | sort')).toBe(
      [
        '.',
        './d',
        './d/a',
        './d/b',
        './lib',
        './o',
        './o/new',
        './usr',
        './usr/lib',
        './usr/lib/old',
        './usr/lib/so',
      ].join('\n'),
    );
    expect(look(resolved, 'cat lib/so lib/old; readlink lib')).toBe('soold usr/lib'.replace(' ', ''));
  });

  it('an image without layers, one of empty layers, one layer many times', async () => {
    const empty = buildTar([]);
    const none = makeImage({ layers: [] });
    const many = makeImage({ layers: [empty, smallLayer('a'), empty, empty, smallLayer('a'), empty] });
    writeLayout(sandbox, 'none', [{ image: none }]);
    writeLayout(sandbox, 'many', [{ image: many }]);
    expect(look(await resolve('oci:none'), 'ls -A')).toBe('');
    const resolved = await resolve('oci:many');
    expect(resolved.layers).toHaveLength(6);
    expect(look(resolved, 'ls -A')).toBe('a');
  });

  it('that images share are kept once', async () => {
    const base = busyboxLayer();
    writeLayout(sandbox, 'one', [{ image: makeImage({ layers: [base, smallLayer('1')] }) }]);
    writeLayout(sandbox, 'two', [{ image: makeImage({ layers: [base, smallLayer('2')] }) }]);
    const one = await resolve('oci:one');
    const before = statSync(join(one.layers[1] as string, 'bin/busybox'));
    const two = await resolve('oci:two');
    expect(two.layers[1]).toBe(one.layers[1]);
    expect(statSync(join(two.layers[1] as string, 'bin/busybox')).ctimeMs).toBe(before.ctimeMs);
    expect(layers()).toHaveLength(3);
  });

  it('that have gone missing come back from the blobs', async () => {
    writeLayout(sandbox, 'oci', [{ image: makeImage({ layers: [busyboxLayer(), smallLayer('a')] }) }]);
    const resolved = await resolve('oci:oci');
    run('rm', '-r', resolved.layers[1] as string);
    expect(look(await resolve('oci:oci'), 'cat a; ls bin')).toBe('abusybox\nsh');
  });

  it('compressed with zstd are unpacked, whatever Node can', async () => {
    const plain = [noise(300_000), Buffer.from(run('seq', '1', '100000')), Buffer.alloc(3_000_000)];
    const tar = buildTar(plain.map((content, at) => file(`f${at}`, '', { content })));
    for (const flags of [['-1'], ['-19'], ['-3', '--no-check']]) {
      const image = makeImage({ layers: [tar], layerType: zstdLayer, compress: (each) => zstd(each, flags) });
      const layout = writeLayout(sandbox, `oci${flags.join('')}`, [{ image }]);
      const { layers } = await resolve(`oci:${layout}`);
      for (const [at, content] of plain.entries())
        expect(readFileSync(`${layers[0]}/f${at}`).equals(content), `${flags} f${at}`).toBe(true);
      run('rm', '-r', layers[0] as string);
    }
  });
});

describe('the layout', () => {
  it('is one that skopeo reads, digests and all', async () => {
    const image = makeImage({ layers: [busyboxLayer(), smallLayer('a')] });
    await store.load(writeLayout(sandbox, 'oci', [{ image, name: 'example.com/bb:1' }]));
    const seen = JSON.parse(run('skopeo', 'inspect', inStore('example.com/bb:1')));
    expect(seen).toMatchObject({
      Digest: image.manifest.digest,
      Layers: image.layers.map(({ digest }) => digest),
    });
    run('skopeo', 'copy', '-q', inStore('example.com/bb:1'), `dir:${sandbox.makeDirectory('copy')}`);
  });

  it("keeps other tools' images, also through a collection", async () => {
    writeLayout(sandbox, 'oci', [{ image: makeImage({ layers: [smallLayer('theirs')] }), name: 'x' }]);
    await store.load(writeLayout(sandbox, 'ours', [{ image: makeImage(), name: 'ours:1' }]));
    run('skopeo', 'copy', '-q', `oci:${sandbox.path('oci')}:x`, inStore('theirs'));
    await store.tag('ours:1', 'ours:2');
    await store.prune({ uses: [], all: true });
    expect(await store.list()).toEqual([]);
    run('skopeo', 'copy', '-q', inStore('theirs'), `dir:${sandbox.makeDirectory('copy')}`);
  });
});

describe('image save', () => {
  const save = async (format: 'docker-archive' | 'oci-archive', ...names: string[]) => {
    const path = sandbox.path(`${format}.tar`);
    await pipeline(store.save(names, format), createWriteStream(path));
    return path;
  };

  for (const format of ['docker-archive', 'oci-archive'] as const) {
    it(`${format}: skopeo reads it, and it comes back the same`, async () => {
      const image = makeImage({ layers: [busyboxLayer(), smallLayer('a')] });
      await store.load(writeLayout(sandbox, 'oci', [{ image, name: 'example.com/bb:1' }]));
      const path = await save(format, 'example.com/bb:1');
      run('skopeo', 'copy', '-q', `${format}:${path}`, `oci:${sandbox.path('out')}:x`);
      const config = JSON.parse(run('skopeo', 'inspect', '--config', `oci:${sandbox.path('out')}:x`));
      expect(config.rootfs.diff_ids).toEqual(image.diffIds);
      const other = sandbox.store({ root: sandbox.path('other') });
      const [loaded] = await other.load(path);
      expect(loaded).toMatchObject({ name: 'example.com/bb:1', imageId: image.config.digest });
      if (format === 'oci-archive') expect(loaded?.digest).toBe(image.manifest.digest);
      // The same image is the same archive, byte for byte.
      expect((await collect(store.save(['example.com/bb:1'], format))).equals(readFileSync(path))).toBe(true);
    });
  }

  it('several images, several names of one, and one by its id', async () => {
    const [one, two] = [
      makeImage({ layers: [busyboxLayer()] }),
      makeImage({ layers: [busyboxLayer(), smallLayer('2')] }),
    ];
    await store.load(
      writeLayout(sandbox, 'oci', [
        { image: one, name: 'example.com/a:1' },
        { image: one, name: 'example.com/a:2' },
        { image: two, name: 'example.com/b:1' },
      ]),
    );
    const path = await save('docker-archive', 'example.com/a:1', 'example.com/a:2', two.config.digest);
    const items = JSON.parse(run('tar', '-xOf', path, 'manifest.json'));
    expect(items.map(({ RepoTags }: { RepoTags: string[] }) => RepoTags)).toEqual([
      ['example.com/a:1', 'example.com/a:2'],
      [],
    ]);
    // The layer that both have is in it once.
    expect(run('tar', '-tf', path).split('\n').filter(Boolean).sort()).toHaveLength(9);
  });

  it('of a name that stands somewhere in the id of the image keeps the name', async () => {
    const image = makeImage({ layers: [busyboxLayer()] });
    await store.load(writeLayout(sandbox, 'oci', [{ image, name: 'example.com/a:1' }]));
    const name = image.config.digest.slice(20, 26);
    await store.tag('example.com/a:1', name);
    const [item] = JSON.parse(run('tar', '-xOf', await save('docker-archive', name), 'manifest.json'));
    expect(item.RepoTags).toEqual([`${name}:latest`]);
  });

  it('of an image that is not here writes nothing', async () => {
    await expect(collect(store.save(['nothing'], 'oci-archive'))).rejects.toMatchObject({
      code: 'no-such-image',
    });
  });
});

describe('images that are made here', () => {
  it('import: from a file and a stream, plain and compressed, with changes', async () => {
    const tar = busyboxLayer();
    const made = await store.import(sandbox.write('root.tar', tar), {
      reference: 'imported:1',
      changes: ['CMD ["sh"]', 'ENV A=b'],
      message: 'from a tar',
    });
    const details = await store.inspect('imported:1');
    expect(details).toMatchObject({
      config: { Cmd: ['sh'], Env: ['A=b'] },
      history: [{ comment: 'from a tar' }],
      platform: made.platform,
    });
    expect(details.layers[0]?.diffId).toBe(makeImage({ layers: [tar] }).diffIds[0]);
    const compressed = await store.import(once(gzipSync(tar)), {});
    const [layer] = (await store.inspect(compressed.imageId)).layers;
    expect(layer?.blob.mediaType).toMatch(/gzip$/);
    expect(layer?.chainId).toBe(details.layers[0]?.chainId);
    await expect(store.import(once(tar), { changes: ['RUN x'] })).rejects.toMatchObject({
      code: 'invalid-change',
    });
    await expect(store.import(once(Buffer.from('no tar')), { reference: 'bad:1' })).rejects.toMatchObject({
      name: 'TcError',
    });
    expect((await store.list()).map(({ name }) => name).sort()).toEqual([
      'docker.io/library/imported:1',
      undefined,
    ]);
  });

  it('commit: what an overlay has changed, and export: all of it', async () => {
    await store.load(
      writeLayout(sandbox, 'oci', [
        {
          image: makeImage({
            layers: [
              busyboxLayer(
                directory('d'),
                file('d/x', 'x'),
                file('d/y', 'y'),
                directory('e'),
                file('e/z', 'z'),
                file('h', 'h'),
              ),
            ],
          }),
          name: 'base:1',
        },
      ]),
    );
    const base = await resolve('base:1', { policy: 'never' });
    const [upper, work] = [sandbox.makeDirectory('upper'), sandbox.makeDirectory('work')];
    const target = sandbox.makeDirectory('merged');
    run(
      'unshare',
      '-m',
      'sh',
      '-ec',
      `
      mount -t overlay overlay -o "lowerdir=${base.layers.join(':')},upperdir=${upper},workdir=${work}" "${target}"; cd "${target}"
      rm d/x; rm -r e; mkdir e; echo new > e/w; ln d/y d/hard; ln -s y d/s; mkfifo f; mknod n c 1 3; chown 5:6 h; chmod 4755 h
      mkdir -p 'long/${'n'.repeat(150)}'; echo "\u00e9" > 'long/${'n'.repeat(150)}/\u00e9'; printf x > big; truncate -s 5M big
    `,
    );
    const made = await store.commit({
      imageId: base.id,
      upper,
      reference: 'committed:1',
      changes: ['CMD ["/x"]'],
      author: 'A. Nonymous',
      message: 'changed',
    });
    expect(await store.inspect('committed:1')).toMatchObject({
      imageId: made.imageId,
      author: 'A. Nonymous',
      config: { Cmd: ['/x'] },
      history: [{ createdBy: 'step 0' }, { comment: 'changed', author: 'A. Nonymous' }],
    });
    const list = `find . -printf '%p %y %#m %U:%G %s %l\\n' | sort`;
    const seen = look(await resolve('committed:1', { policy: 'never' }), list);
    expect(seen).toBe(look({ layers: [upper, ...base.layers] }, list));
    expect(seen).toContain('./h f 04755 5:6');
    expect(seen).not.toMatch(/\.\/d\/x|\.\/e\/z/);
    const archive = sandbox.write(
      'export.tar',
      await collect(store.export({ layers: [upper, ...base.layers] })),
    );
    const out = sandbox.makeDirectory('out');
    run('tar', '-C', out, '-xpf', archive);
    // Directory sizes are the file system's business.
    const plain = (text: string) =>
      text
        .replace(/( d \S+ \S+) \d+/g, '$1')
        .split('\n')
        .slice(1);
    expect(plain(runIn(out, 'sh', '-c', list).trim())).toEqual(plain(seen));
    expect(lstatSync(join(out, 'd/hard')).ino).toBe(lstatSync(join(out, 'd/y')).ino);
  });

  it('an export that nobody reads to the end is ended', async () => {
    await store.load(writeLayout(sandbox, 'oci', [{ image: makeImage(), name: 'base:1' }]));
    const base = await resolve('base:1');
    for await (const _ of store.export({ layers: base.layers })) break;
    expect(readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8')).not.toMatch(/\d+ \d+ \d+/);
  });
});

describe('names and removal', () => {
  const image = makeImage({ layers: [busyboxLayer(), smallLayer('one')] });
  const other = makeImage({ layers: [busyboxLayer(), smallLayer('two')] });
  beforeEach(async () => {
    await store.load(
      writeLayout(sandbox, 'oci', [
        { image, name: 'a.example/one:1' },
        { image: other, name: 'a.example/two:1' },
      ]),
    );
  });
  const names = async () => (await store.list()).map(({ name }) => name).sort();
  const use = { imageId: image.config.digest, container: 'project-web-1', isRunning: false };

  it('rm of one of several names takes the name only', async () => {
    await store.tag('a.example/one:1', 'one:latest');
    expect(await store.remove('one', { uses: [use] })).toMatchObject({
      untagged: ['docker.io/library/one:latest'],
      deleted: [],
    });
    expect(await names()).toEqual(['a.example/one:1', 'a.example/two:1']);
    expect((await resolve('a.example/one:1')).layers.every((path) => existsSync(path))).toBe(true);
  });

  it('rm of the last name takes the image, and leaves what others share', async () => {
    const removed = await store.remove('a.example/one:1', { uses: [] });
    expect(removed).toMatchObject({ untagged: ['a.example/one:1'], deleted: [image.config.digest] });
    expect(removed.reclaimed).toBeGreaterThan(0);
    expect(blobs()).toEqual(
      imageBlobs(other)
        .map(({ digest }) => digest.slice(7))
        .sort(),
    );
    expect(look(await resolve('a.example/two:1'), 'cat two')).toBe('two');
    expect(layers()).toHaveLength(2);
  });

  it('rm by id takes all names, if forced', async () => {
    await store.tag('a.example/one:1', 'one:latest');
    const id = image.config.digest.slice(7, 19);
    await expect(store.remove(id, { uses: [] })).rejects.toMatchObject({ code: 'image-has-names' });
    expect((await store.remove(id, { uses: [], force: true })).untagged).toHaveLength(2);
    expect(await names()).toEqual(['a.example/two:1']);
  });

  it('what a container uses is refused, and kept when forced', async () => {
    await expect(store.remove('a.example/one:1', { uses: [use] })).rejects.toThrow(/project-web-1/);
    const running = { ...use, isRunning: true };
    await expect(store.remove('a.example/one:1', { uses: [running], force: true })).rejects.toThrow(
      /project-web-1/,
    );
    const resolved = await resolve('a.example/one:1');
    await store.remove('a.example/one:1', { uses: [use], force: true });
    expect(await names()).toEqual(['a.example/two:1']);
    expect(resolved.layers.every((path) => existsSync(path))).toBe(true);
    await store.collect(new Set());
    expect(resolved.layers.map((path) => existsSync(path))).toEqual([false, true]);
  });

  it('a name that goes to another image leaves the old one without; prune takes it', async () => {
    await store.tag('a.example/two:1', 'a.example/one:1');
    expect(await names()).toEqual(['a.example/one:1', 'a.example/two:1', undefined]);
    await store.prune({ uses: [use] });
    expect(await names()).toHaveLength(3);
    expect((await store.prune({ uses: [] })).deleted).toEqual([image.config.digest]);
    expect(await names()).toEqual(['a.example/one:1', 'a.example/two:1']);
  });

  it('prune by age and label', async () => {
    expect((await store.prune({ uses: [], all: true, until: Date.parse('2020-01-01') })).deleted).toEqual([]);
    expect((await store.prune({ uses: [], all: true, labels: ['keep'] })).deleted).toEqual([]);
    expect((await store.prune({ uses: [], all: true, labels: ['!keep'] })).deleted).toHaveLength(2);
    expect(blobs()).toEqual([]);
    expect(layers()).toEqual([]);
    expect(readdirSync(sandbox.path('data/images/archives'))).toEqual([]);
  });

  it('while somebody holds a lease nothing is removed', async () => {
    const lease = await store.lease();
    const resolved = await resolve('a.example/one:1');
    const removed = await store.remove('a.example/one:1', { uses: [] });
    expect(removed.deleted).toHaveLength(1);
    expect(await store.collect(new Set())).toBeUndefined();
    expect(resolved.layers.every((path) => existsSync(path))).toBe(true);
    await lease.release();
    expect((await store.collect(new Set()))?.layers).toHaveLength(1);
    expect(existsSync(resolved.layers[0] as string)).toBe(false);
  });

  it('what died half-way is swept: stages, nameless documents, locks; fresh partial blobs stay', async () => {
    sandbox.write('data/layers/staging/left/diff/f', 'x');
    sandbox.write(`data/images/blobs/sha256/${'a'.repeat(64)}.b.tmp`, 'x');
    sandbox.write(`data/images/ingest/${'b'.repeat(64)}`, 'x');
    sandbox.write(`data/locks/images/layer-${'c'.repeat(64)}`, '');
    await store.collect(new Set());
    expect(readdirSync(sandbox.path('data/layers/staging'))).toEqual([]);
    expect(readdirSync(sandbox.path('data/images/ingest'))).toEqual(['b'.repeat(64)]);
    expect(readdirSync(sandbox.path('data/locks/images')).sort()).toEqual(['index', 'lease', 'unsynced']);
    expect(blobs().every((name) => /^[0-9a-f]{64}$/.test(name))).toBe(true);
  });

  it('a damaged document is told, not believed', async () => {
    writeFileSync(sandbox.path('data/images/blobs/sha256', image.config.digest.slice(7)), '{}');
    await expect(resolve('a.example/one:1')).rejects.toMatchObject({ code: 'damaged-store' });
  });

  it('no such image, no such id', async () => {
    for (const name of ['nothing', 'a.example/one:2', 'abcdef', `sha256:${'0'.repeat(64)}`]) {
      await expect(store.inspect(name)).rejects.toMatchObject({ code: 'no-such-image' });
      await expect(store.remove(name, { uses: [] })).rejects.toMatchObject({ code: 'no-such-image' });
      await expect(store.tag(name, 'x:1')).rejects.toMatchObject({ code: 'no-such-image' });
    }
    await expect(store.tag('a.example/one:1', `x@${image.manifest.digest}`)).rejects.toMatchObject({
      code: 'invalid-reference',
    });
  });
});
