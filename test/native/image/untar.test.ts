// tcrun untar, looked at from outside: what lies on the disk after an archive, honest or not, was unpacked.

import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packDiff } from '../../../src/image/layer/pack.ts';
import { settleLayer, type Unpacked, unpackTar } from '../../../src/image/layer/untar.ts';
import { collect, once, run, runIn, Sandbox, tools } from './sandbox.ts';
import { buildTar, directory, file, formatMember, hardlink, symlink, type TarMember } from './tar-builder.ts';

let sandbox: Sandbox;
let layer: string;
beforeEach(() => {
  sandbox = new Sandbox();
  layer = sandbox.makeDirectory('layer');
});
afterEach(() => sandbox.dispose());

const at = (...parts: string[]) => join(layer, ...parts);

function unpackBytes(bytes: Uint8Array, target = layer): Promise<Unpacked> {
  return unpackTar(tools, { what: 'the layer', directory: target, input: once(bytes) });
}

const unpack = (...members: TarMember[]) => unpackBytes(buildTar(members));

/** Names in the layer form, as `tar` lists them: whiteouts and opaque marks included. */
async function listLayer(): Promise<string[]> {
  const path = sandbox.write('listed.tar', await collect(packDiff(tools, layer)));
  return run('tar', '-tf', path).split('\n').filter(Boolean);
}

describe('what honest tools write comes out as it went in', () => {
  /** Everything that a tar can hold and this machine can make. */
  function makeTree(): string {
    const tree = sandbox.makeDirectory('tree');
    const long = 'n'.repeat(200);
    runIn(
      tree,
      'sh',
      '-ec',
      `
      mkdir -p a/b/${long} empty && echo one > a/one && ln a/one a/b/hard && ln -s ../one a/b/sym && ln -s /nowhere dangling
      echo deep > a/b/${long}/${long} && mkfifo fifo && mknod null c 1 3 && mknod disk b 7 200
      printf x > setuid && chmod 4755 setuid && printf x > none && chmod 0 none && chown 1234:5678 none
      mkdir sticky && chmod 1777 sticky && mkdir setgid && chmod 2750 setgid && chown 0:77 setgid && echo in > setgid/file
      truncate -s 3000000 sparse && printf middle | dd of=sparse bs=1 seek=1500000 conv=notrunc 2>/dev/null
      printf end >> sparse; seq 1 300000 > large; printf 'ä' > 'ünïcode '
      touch -d '2001-02-03 04:05:06.789' a/one; touch -d '1999-01-01' a/b a
    `,
    );
    return tree;
  }

  /** Name, type, mode, owner, size, links, target and content of everything. */
  function describeTree(root: string): string {
    return run(
      'sh',
      '-ec',
      `cd ${root} && find . -printf '%p %y %#m %U:%G %s %n %l\\n' | sort && find . -type f -exec sha256sum {} + | sort`,
    );
  }

  const formats: Record<string, string[]> = {
    gnu: ['--format=gnu'],
    'gnu, sparse': ['--format=gnu', '--sparse'],
    pax: ['--format=pax'],
    'pax, sparse 0.0': ['--format=pax', '--sparse', '--sparse-version=0.0'],
    'pax, sparse 0.1': ['--format=pax', '--sparse', '--sparse-version=0.1'],
    'pax, sparse 1.0': ['--format=pax', '--sparse', '--sparse-version=1.0'],
  };
  for (const [name, flags] of Object.entries(formats)) {
    it(`GNU tar, ${name}`, async () => {
      const tree = makeTree();
      const archive = sandbox.path('a.tar');
      run('tar', ...flags, '-C', tree, '-cf', archive, '.');
      await unpackBytes(readFileSync(archive));
      expect(describeTree(layer)).toBe(describeTree(tree));
      // Types, modes, owners, sizes, times, links: tar compares what the file system says with what the archive says.
      expect(run('tar', '-C', layer, '--compare', '-f', archive)).toBe('');
      expect(lstatSync(at('a/one')).ino).toBe(lstatSync(at('a/b/hard')).ino);
      expect(lstatSync(at('null')).rdev).toBe(lstatSync('/dev/null').rdev);
      expect(lstatSync(at('a')).mtimeMs).toBe(Date.parse('1999-01-01'));
      if (name.includes('sparse')) expect(statSync(at('sparse')).blocks * 512).toBeLessThan(1_000_000);
    });
  }

  for (const format of ['ustar', 'v7']) {
    it(`GNU tar, ${format}`, async () => {
      const tree = sandbox.makeDirectory('tree');
      runIn(
        tree,
        'sh',
        '-ec',
        'mkdir -p d/e && echo x > d/e/f && ln -s f d/e/s && ln d/e/f d/h && chmod 640 d/e/f',
      );
      const archive = sandbox.path('a.tar');
      run('tar', `--format=${format}`, '-C', tree, '-cf', archive, '.');
      await unpackBytes(readFileSync(archive));
      expect(run('tar', '-C', layer, '--compare', '-f', archive)).toBe('');
    });
  }

  it('file capabilities and user attributes, but none that overlayfs reads', async () => {
    const capability = '\u0001\0\0\u0002\0\u0004\0\0\0\0\0\0\0\0\0\0\0\0\0\0';
    await unpack(
      directory('d', {
        pax: { 'SCHILY.xattr.trusted.overlay.redirect': '/etc', 'SCHILY.xattr.user.overlay.opaque': 'y' },
      }),
      file('f', 'x', {
        uid: 5,
        pax: { 'SCHILY.xattr.security.capability': capability, 'SCHILY.xattr.user.note': 'hi' },
      }),
    );
    const archive = sandbox.path('x.tar');
    run('tar', '--xattrs', '--xattrs-include=*', '--format=pax', '-C', layer, '-cf', archive, '.');
    const text = readFileSync(archive, 'latin1');
    expect(text).toContain(`SCHILY.xattr.security.capability=${capability}`);
    expect(text).toContain('SCHILY.xattr.user.note=hi');
    expect(text).not.toContain('overlay');
  });

  it('an archive without an end mark, and what follows one', async () => {
    await unpackBytes(buildTar([file('a', '1')], { end: false }));
    expect(readFileSync(at('a'), 'utf8')).toBe('1');
    await unpackBytes(
      Buffer.concat([buildTar([file('b', '2')]), formatMember(file('c')), Buffer.alloc(3_000_000, 7)]),
    );
    expect(readdirSync(layer).sort()).toEqual(['a', 'b']);
  });

  it('an empty archive', async () => {
    expect(await unpackBytes(Buffer.alloc(0))).toEqual({ entries: 0, bytes: 0, implicit: [] });
  });

  it('numbers and names beyond ustar: base-256, GNU long names, PAX', async () => {
    const long = `dir/${'x'.repeat(180)}`;
    const big = formatMember(file('big', '')).subarray(0, 512);
    big.fill(0, 108, 116);
    big.writeUInt8(0x80, 108);
    big.writeUInt32BE(3_000_000, 112);
    big.fill(' ', 148, 156);
    const sum = big.reduce((total, byte) => total + byte, 0);
    big.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    await unpackBytes(
      Buffer.concat([
        big,
        formatMember({ name: '././@LongLink', type: 'L', content: `${long}\0` }),
        formatMember(file('cut off', 'gnu')),
        buildTar([
          file('short', 'pax', { pax: { path: `${long}2`, uid: '4000000000', mtime: '1234567890.5' } }),
        ]),
      ]),
    );
    expect(statSync(at('big')).uid).toBe(3_000_000);
    expect(readFileSync(at(long), 'utf8')).toBe('gnu');
    expect(statSync(at(`${long}2`)).uid).toBe(4_000_000_000);
    expect(statSync(at(`${long}2`)).mtimeMs).toBe(1_234_567_890_500);
  });
});

describe('whiteouts', () => {
  it('become devices 0:0 and opaque directories', async () => {
    await unpack(directory('d'), file('d/.wh.gone'), directory('o'), file('o/.wh..wh..opq'), file('o/kept'));
    expect(lstatSync(at('d/gone')).isCharacterDevice()).toBe(true);
    expect(lstatSync(at('d/gone')).rdev).toBe(0);
    expect(await listLayer()).toEqual(['d/', 'd/.wh.gone', 'o/', 'o/.wh..wh..opq', 'o/kept']);
  });

  it('spare what the same layer has, wherever they stand', async () => {
    await unpack(file('before', '1'), file('.wh.before'), file('.wh.after'), file('after', '2'));
    expect(readFileSync(at('before'), 'utf8')).toBe('1');
    expect(readFileSync(at('after'), 'utf8')).toBe('2');
    expect(await listLayer()).toEqual(['after', 'before']);
  });

  it('make a directory that the same layer has opaque', async () => {
    await unpack(file('.wh.a'), directory('a'), directory('b'), file('.wh.b'), file('.wh.c'), file('c/in'));
    expect(await listLayer()).toEqual([
      'a/',
      'a/.wh..wh..opq',
      'b/',
      'b/.wh..wh..opq',
      'c/',
      'c/.wh..wh..opq',
      'c/in',
    ]);
  });

  it('are not links that AUFS kept for itself', async () => {
    await unpack(directory('.wh..wh.plnk'), file('.wh..wh.aufs'), file('a'));
    expect(readdirSync(layer)).toEqual(['a']);
  });

  for (const name of ['.wh.', '.wh..', '.wh...', 'd/.wh...']) {
    it(`are refused if they name no file: ${name}`, async () => {
      await expect(unpack(file(name))).rejects.toMatchObject({ code: 'malformed-layer' });
    });
  }
});

describe('later entries replace earlier ones', () => {
  it('file by file, directory by file, file by directory, symlink by directory', async () => {
    await unpack(
      file('a', '1'),
      file('a', '2'),
      file('d/x/y', '1'),
      file('d', 'now a file'),
      file('e', '1'),
      directory('e'),
      symlink('s', '/etc'),
      directory('s'),
      file('s/in', 'x'),
      symlink('t', 'a'),
      file('t', 'own'),
    );
    expect(readFileSync(at('a'), 'utf8')).toBe('2');
    expect(readFileSync(at('d'), 'utf8')).toBe('now a file');
    expect(lstatSync(at('e')).isDirectory()).toBe(true);
    expect(readdirSync(at('s'))).toEqual(['in']);
    expect(readFileSync(at('t'), 'utf8')).toBe('own');
  });

  it('a directory twice keeps its members and takes the last description', async () => {
    await unpack(directory('d'), file('d/x'), directory('d', { mode: 0o700, uid: 7, mtime: 1_000_000_000 }));
    expect(readdirSync(at('d'))).toEqual(['x']);
    const found = statSync(at('d'));
    expect([found.mode & 0o7777, found.uid, found.mtimeMs]).toEqual([0o700, 7, 1_000_000_000_000]);
  });

  it('a hard link over its own target, and over another file', async () => {
    await unpack(file('a', 'A'), hardlink('a', 'a'), file('b', 'B'), hardlink('b', './a'));
    expect(lstatSync(at('b')).ino).toBe(lstatSync(at('a')).ino);
  });
});

describe('nothing climbs out of the layer', () => {
  // A neighbour that must stay as it is, and the root of the machine.
  let outside: string;
  beforeEach(() => {
    outside = sandbox.makeDirectory('outside');
    writeFileSync(join(outside, 'victim'), 'untouched');
  });
  afterEach(() => {
    expect(readdirSync(sandbox.directory).sort()).toEqual(['layer', 'outside']);
    expect(readdirSync(outside)).toEqual(['victim']);
    expect(readFileSync(join(outside, 'victim'), 'utf8')).toBe('untouched');
    expect(statSync(join(outside, 'victim')).nlink).toBe(1);
    expect(existsSync('/tcompose-escaped')).toBe(false);
  });

  const refused: Record<string, TarMember[]> = {
    'a name with ..': [file('../outside/new')],
    'a name with .. inside': [file('a/../../outside/new')],
    'a hard link with ..': [hardlink('in', '../outside/victim')],
    'a hard link to an absolute name that the layer lacks': [hardlink('in', '/etc/passwd')],
    'a hard link through a symlink': [symlink('s', '../outside'), hardlink('in', 's/victim')],
    'a root that is a symlink': [symlink('.', '../outside')],
    'a root that is a file': [file('./', 'x')],
    'a root that is a hard link': [hardlink('/', 'x')],
    'a parent that is a file': [file('a'), file('a/b')],
    'a parent that is a device': [{ name: 'a', type: '3', major: 1, minor: 3 }, file('a/b')],
    'symlinks in a circle': [symlink('a', 'b'), symlink('b', 'a'), file('a/x')],
    'a PAX path with ..': [file('x', '', { pax: { path: '../outside/new' } })],
    'a PAX link with ..': [{ ...hardlink('x', 'y'), pax: { linkpath: '../outside/victim' } }],
  };
  for (const [name, members] of Object.entries(refused)) {
    it(`refused: ${name}`, async () => {
      await expect(unpack(...members)).rejects.toMatchObject({ name: 'TcError', kind: 'environment' });
    });
  }

  it('absolute names start at the layer', async () => {
    await unpack(file('/tcompose-escaped', 'in'), hardlink('/link', '/tcompose-escaped'));
    expect(readFileSync(at('link'), 'utf8')).toBe('in');
  });

  it('absolute and climbing symlinks on the way end inside', async () => {
    await unpack(
      symlink('abs', '/'),
      file('abs/tcompose-escaped', '1'),
      symlink('up', '../../../../..'),
      file('up/climbed', '2'),
      directory('usr/lib'),
      symlink('lib', '/usr/lib'),
      file('lib/so', '3'),
    );
    expect(readFileSync(at('tcompose-escaped'), 'utf8')).toBe('1');
    expect(readFileSync(at('climbed'), 'utf8')).toBe('2');
    expect(readFileSync(at('usr/lib/so'), 'utf8')).toBe('3');
  });

  it('a dangling symlink on the way leads to a directory in the layer', async () => {
    await unpack(
      symlink('var/run', '/run'),
      file('var/run/pid', '1'),
      symlink('a/b', '../c'),
      file('a/b/x', '2'),
    );
    expect(readFileSync(at('run/pid'), 'utf8')).toBe('1');
    expect(readFileSync(at('c/x'), 'utf8')).toBe('2');
    expect(readlinkSync(at('var/run'))).toBe('/run');
  });

  it('a file is not written through a symlink of its own name', async () => {
    await unpack(symlink('victim', join('..', 'outside', 'victim')), file('victim', 'overwritten'));
    expect(lstatSync(at('victim')).isFile()).toBe(true);
  });

  it('modes and owners are not set through symlinks', async () => {
    const before = statSync(join(outside, 'victim'));
    await unpack(symlink('s', join(outside, 'victim')), { ...hardlink('h', 's'), mode: 0o777, uid: 99 });
    const after = statSync(join(outside, 'victim'));
    expect([after.mode, after.uid]).toEqual([before.mode, before.uid]);
    expect(lstatSync(at('h')).isSymbolicLink()).toBe(true);
  });

  it('a whiteout through a symlink stays inside', async () => {
    await unpack(symlink('s', '../outside'), file('s/.wh.victim'));
    expect(lstatSync(at('outside/victim')).isCharacterDevice()).toBe(true);
  });
});

describe('malformed archives are refused', () => {
  const cases: Record<string, Buffer> = {
    noise: Buffer.alloc(2048, 'noise'),
    'an end in the middle of a header': buildTar([file('a')]).subarray(0, 300),
    'an end in the middle of a file': buildTar([file('a', 'x'.repeat(5000))]).subarray(0, 2048),
    'an end after an extension header': formatMember({ name: 'x', type: 'x', content: '11 path=abc\n' }),
    'a wrong check sum': Buffer.concat([Buffer.from('b'), buildTar([file('a')]).subarray(1)]),
    'a size that is not a number': (() => {
      const tar = formatMember(file('a'));
      tar.write('zzzzzzzzzzz', 124);
      return tar;
    })(),
    'an unknown type': buildTar([{ name: 'a', type: 'Q' }]),
    'PAX records without a length': formatMember({ name: 'x', type: 'x', content: 'path=abc\n' }),
    'PAX records with a length beyond them': formatMember({ name: 'x', type: 'x', content: '99 path=abc\n' }),
    'PAX records with a zero byte in a path': buildTar([file('a', '', { pax: { path: 'a\0b' } })]),
    'a PAX header of 2 MiB': formatMember({ name: 'x', type: 'x', content: Buffer.alloc(2 << 20, 'x') }),
    'a long name of 2 MiB': formatMember({ name: 'x', type: 'L', content: Buffer.alloc(2 << 20, 'x') }),
    'a name longer than PATH_MAX': buildTar([file('a', '', { pax: { path: 'd/'.repeat(3000) } })]),
    'a thousand nested directories': buildTar([file('a', '', { pax: { path: 'd/'.repeat(1000) } })]),
    'a user id that means none': buildTar([file('a', '', { pax: { uid: '4294967295' } })]),
    'a sparse map beyond its file': buildTar([
      file('a', 'abc', { pax: { 'GNU.sparse.size': '2', 'GNU.sparse.map': '0,3' } }),
    ]),
    'a sparse map that overlaps': buildTar([
      file('a', 'abcdef', { pax: { 'GNU.sparse.size': '100', 'GNU.sparse.map': '0,3,1,3' } }),
    ]),
    'a sparse map that leaves content over': buildTar([
      file('a', 'abcdef', { pax: { 'GNU.sparse.size': '100', 'GNU.sparse.map': '0,3' } }),
    ]),
    'a sparse map of half a pair': buildTar([
      file('a', 'abc', { pax: { 'GNU.sparse.size': '9', 'GNU.sparse.map': '0,3,5' } }),
    ]),
    'a sparse map in the content that is none': buildTar([
      file('a', 'abc'.repeat(400), {
        pax: { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.realsize': '9' },
      }),
    ]),
  };
  for (const [name, bytes] of Object.entries(cases)) {
    it(name, async () => {
      await expect(unpackBytes(bytes)).rejects.toMatchObject({ name: 'TcError', code: 'malformed-layer' });
    });
  }

  it('any archive with one byte changed is unpacked or refused, never a crash', async () => {
    const honest = buildTar([
      directory('d'),
      file('d/f', 'content'.repeat(100), {
        pax: { path: 'd/long', 'SCHILY.xattr.user.a': 'b', mtime: '1.5' },
      }),
      symlink('s', 'd/long'),
      hardlink('h', 'd/long'),
      file('sp', 'abc', { pax: { 'GNU.sparse.size': '2000', 'GNU.sparse.map': '1000,3' } }),
    ]);
    for (let position = 0; position < honest.length; position += 37) {
      const bytes = Buffer.from(honest);
      bytes[position] = (bytes[position] ?? 0) ^ (1 << (position % 8));
      const target = sandbox.makeDirectory(`fuzz-${position}`);
      const outcome = await unpackBytes(bytes, target).catch((error) => error);
      expect(outcome.code ?? 'unpacked').toMatch(/^(unpacked|malformed-layer|archive-failed)$/);
    }
  });

  it('the message names the entry, whatever bytes its name has', async () => {
    await expect(unpack(file('good'), file('../\u001b[31mé'))).rejects.toThrow(
      /climbs out.*"\.\.\/\\u001b\[31mé"/,
    );
  });
});

describe('directories that a layer does not describe', () => {
  const settle = (parents: string[], implicit: readonly string[]) =>
    settleLayer(tools, { what: 'the layer', directory: layer, parents, implicit });
  const implied = async (...members: TarMember[]) => (await unpack(...members)).implicit;

  it('are told, outermost first', async () => {
    expect(await implied(file('a/b/c/f'), directory('a/b'), file('d/f'), directory('e'))).toEqual([
      'a',
      'a/b/c',
      'd',
    ]);
  });

  it('take owner, mode and time from below', async () => {
    const lower = sandbox.makeDirectory('lower');
    run(
      'sh',
      '-ec',
      `mkdir -p ${lower}/tmp/x && chmod 1777 ${lower}/tmp && chown 5:6 ${lower}/tmp && touch -d @1000 ${lower}/tmp`,
    );
    await settle([lower], await implied(file('tmp/x/f'), file('new/f')));
    const found = statSync(at('tmp'));
    expect([found.mode & 0o7777, found.uid, found.gid, found.mtimeMs]).toEqual([0o1777, 5, 6, 1_000_000]);
    expect(statSync(at('new')).mode & 0o7777).toBe(0o755);
  });

  it('follow a symlink below, also through several layers, and merge there', async () => {
    const bottom = sandbox.makeDirectory('bottom');
    const middle = sandbox.makeDirectory('middle');
    mkdirSync(join(bottom, 'usr/lib'), { recursive: true });
    run('chmod', '0710', join(bottom, 'usr/lib'));
    run('ln', '-s', 'usr/lib', join(middle, 'lib'));
    await settle(
      [middle, bottom],
      await implied(file('lib/x/f', '1'), file('lib/.wh.gone'), file('usr/lib/x/g', '2')),
    );
    expect(existsSync(at('lib'))).toBe(false);
    expect(readdirSync(at('usr/lib')).sort()).toEqual(['gone', 'x']);
    expect(readdirSync(at('usr/lib/x')).sort()).toEqual(['f', 'g']);
    expect(statSync(at('usr/lib')).mode & 0o7777).toBe(0o710);
  });

  it('follow an absolute symlink below inside the image only', async () => {
    const lower = sandbox.makeDirectory('lower');
    run('ln', '-s', sandbox.makeDirectory('outside'), join(lower, 'evil'));
    run('ln', '-s', '/etc', join(lower, 'conf'));
    mkdirSync(join(lower, 'etc'));
    await settle([lower], await implied(file('evil/f'), file('conf/g')));
    expect(readdirSync(sandbox.path('outside'))).toEqual([]);
    expect(existsSync(at('evil/f'))).toBe(true);
    expect(existsSync(at('etc/g'))).toBe(true);
  });

  it('do not follow what a layer in between has removed', async () => {
    const bottom = sandbox.makeDirectory('bottom');
    const middle = sandbox.makeDirectory('middle');
    mkdirSync(join(bottom, 'usr/lib'), { recursive: true });
    run('ln', '-s', 'usr/lib', join(bottom, 'lib'));
    run('mknod', join(middle, 'lib'), 'c', '0', '0');
    await settle([middle, bottom], await implied(file('lib/f', '1')));
    expect(readFileSync(at('lib/f'), 'utf8')).toBe('1');
  });
});

describe('the role is locked up', () => {
  it('has a root of its own, no capabilities but those of files, no new privileges, and a filter', async () => {
    // Held open in the middle of an entry, so that it can be looked at.
    let finish = () => {};
    const waiting = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const half = buildTar([file('a', 'x'.repeat(10_000))]);
    const before = new Set(listRoles());
    const unpacking = unpackTar(tools, {
      what: 'the layer',
      directory: layer,
      input: (async function* () {
        yield half.subarray(0, 100);
        await waiting;
        yield half.subarray(100);
      })(),
    });
    const pid = await firstOf(() => listRoles().find((each) => !before.has(each) && isFiltered(each)));
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    expect(status).toMatch(/NoNewPrivs:\s+1/);
    expect(status).toMatch(/Seccomp:\s+2/);
    // chown, dac_override, fowner, fsetid, sys_admin, mknod, setfcap
    expect(status).toMatch(/CapEff:\s+000000008820001b/);
    expect(status).toMatch(/CapBnd:\s+000000008820001b/);
    expect(readlinkSync(`/proc/${pid}/ns/mnt`)).not.toBe(readlinkSync('/proc/self/ns/mnt'));
    expect(readFileSync(`/proc/${pid}/mountinfo`, 'utf8').trim().split('\n')).toHaveLength(1);
    const open = readdirSync(`/proc/${pid}/fd`)
      .map(Number)
      .sort((a, b) => a - b);
    expect(open).toEqual([0, 1, 2, 3, 4]);
    finish();
    expect((await unpacking).entries).toBe(1);
  });

  function listRoles(): number[] {
    const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8');
    return children.split(' ').filter(Boolean).map(Number);
  }

  function isFiltered(pid: number): boolean {
    return /Seccomp:\s+2/.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  }

  async function firstOf<T>(look: () => T | undefined): Promise<T> {
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
});
