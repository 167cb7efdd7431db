import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, openSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadNative } from '../../../src/runtime/native.ts';

const native = loadNative();
let directory: string;
let root: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'tcompose-files-'));
  root = join(directory, 'root');
  mkdirSync(join(root, 'etc'), { recursive: true });
  writeFileSync(join(directory, 'secret'), 'of the host');
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0::/root:/bin/sh\n');
  writeFileSync(join(root, 'secret'), 'of the image');
  symlinkSync('/etc/passwd', join(root, 'etc/absolute'));
  symlinkSync('../../../../secret', join(root, 'etc/upward'));
  symlinkSync('loop', join(root, 'etc/loop'));
  symlinkSync('/proc/self/root/etc/hostname', join(root, 'etc/magic'));
  execFileSync('mkfifo', [join(root, 'etc/fifo')]);
  writeFileSync(join(root, 'etc/sparse'), '');
  truncateSync(join(root, 'etc/sparse'), 2 ** 30);
});
afterAll(() => rmSync(directory, { recursive: true }));

const read = (path: string, limit = 1024) => {
  const content = native.readInRoot(root, path, limit);
  return content && Buffer.from(content).toString();
};

describe('readInRoot', () => {
  it('reads regular files and follows links inside the root only', () => {
    expect(read('etc/passwd')).toBe('root:x:0:0::/root:/bin/sh\n');
    expect(read('/etc/absolute')).toBe('root:x:0:0::/root:/bin/sh\n');
    expect(read('etc/upward')).toBe('of the image');
    expect(read('../secret')).toBe('of the image');
  });

  it('has nothing to say about what is absent or no regular file', () => {
    for (const path of ['etc/absent', 'etc', 'etc/fifo', 'etc/loop', 'etc/magic', 'etc/passwd/x']) {
      expect(read(path), path).toBeUndefined();
    }
  });

  it('stops at the limit', () => {
    expect(read('etc/passwd', 4)).toBe('root');
    expect(native.readInRoot(root, 'etc/sparse', 100_000)).toHaveLength(100_000);
  });

  it('fails for a root that is not there', () => {
    expect(() => native.readInRoot(join(directory, 'absent'), 'x', 1)).toThrowError(
      expect.objectContaining({ errno: 'ENOENT', path: join(directory, 'absent') }),
    );
  });
});

describe('descriptors', () => {
  it('tell their kind', () => {
    const { read: readEnd, write } = native.pipe();
    const kinds = [
      [readEnd, 'pipe'],
      [write, 'pipe'],
      [openSync(join(root, 'secret'), 'r'), 'file'],
      [native.openDirectory(root), 'directory'],
      [openSync('/dev/null', 'r'), 'device'],
    ] as const;
    for (const [fd, kind] of kinds) {
      expect(native.descriptorKind(fd)).toBe(kind);
      native.close(fd);
    }
  });

  it('reach the disk', async () => {
    const fd = native.openDirectory(root);
    await expect(native.syncFilesystem(fd)).resolves.toBeUndefined();
    native.close(fd);
    await expect(async () => native.syncFilesystem(fd)).rejects.toMatchObject({ errno: 'EBADF' });
  });
});
