import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeHostImage, resolveHostImage } from '../../../src/image/host.ts';
import type { ResolvedImage } from '../../../src/image/image.ts';
import type { ServiceConfig } from '../../../src/project/service-config.ts';
import { Sandbox } from '../tcrun/sandbox.ts';

let sandbox: Sandbox;
let layers: string;
let image: ResolvedImage;

beforeAll(() => {
  sandbox = new Sandbox();
  layers = join(sandbox.directory, 'layers');
  mkdirSync(layers);
  image = resolveHostImage(layers);
});
afterAll(() => sandbox.dispose());

/** What a script in a container of the image writes to its standard output. */
async function run(script: string, service: Partial<ServiceConfig> = {}): Promise<string> {
  const read = (path: string) => readFileSync(join(image.layers[0] ?? '', path), 'utf8');
  const accounts = { passwd: read('etc/passwd'), group: read('etc/group') };
  const container = await sandbox.run(script, { image, accounts, service });
  await container.ended();
  return container.output();
}

describe('resolveHostImage', () => {
  it('makes one layer, once', () => {
    const [layer = ''] = image.layers;
    const made = statSync(layer).ino;
    expect(resolveHostImage(layers)).toEqual(image);
    rmSync(join(layers, 'host.json'));
    expect(resolveHostImage(layers)).toEqual(image);
    expect(statSync(layer).ino).toBe(made);
    expect(readdirSync(layers).sort()).toEqual([layer.split('/').at(-1), 'host.json']);
  });

  it('makes the layer anew where it is gone, and looks again where the memory is broken', () => {
    rmSync(image.layers[0] ?? '', { recursive: true });
    expect(resolveHostImage(layers)).toEqual(image);
    expect(existsSync(image.layers[0] ?? '')).toBe(true);
    chmodSync(join(layers, 'host.json'), 0o600);
    utimesSync(join(layers, 'host.json'), 0, 0);
    expect(resolveHostImage(layers)).toEqual(image);
  });

  it('is described without being made', () => {
    const elsewhere = join(sandbox.directory, 'nowhere');
    expect(describeHostImage(elsewhere).id).toBe(image.id);
    expect(existsSync(elsewhere)).toBe(false);
    expect(describeHostImage(layers)).toEqual(image);
  });

  it('keeps modes whatever the umask is', () => {
    const before = process.umask(0o077);
    const other = join(sandbox.directory, 'other');
    try {
      const [layer = ''] = resolveHostImage(other).layers;
      expect(statSync(join(layer, 'etc/passwd')).mode & 0o7777).toBe(0o644);
      expect(statSync(join(layer, 'tmp')).mode & 0o7777).toBe(0o1777);
      expect(statSync(join(layer, 'home/app'))).toMatchObject({ uid: 1000, gid: 1000 });
    } finally {
      process.umask(before);
    }
  });
});

describe('a container of the image host', () => {
  it("runs this machine's programs and this very Node", async () => {
    expect(await run('node -p process.version; command -v node; awk "BEGIN { print 6 * 7 }"')).toBe(
      `${process.version}\n/opt/tcompose/bin/node\n42\n`,
    );
  });

  it('has accounts by name', async () => {
    expect(await run('id; cd; pwd; touch x && ls -l x | cut -d" " -f3,4', { user: 'app' })).toBe(
      'uid=1000(app) gid=1000(app) groups=1000(app)\n/home/app\napp app\n',
    );
  });

  it("shows nothing of the host's own", async () => {
    expect(
      await run('ls -A /root /home /srv /opt /etc/ssh /etc/shadow /var/lib 2>/dev/null; hostname'),
    ).not.toContain(hostname());
    expect((await run('ls -A /home /opt /root /srv')).split(/\s+/).sort().join(' ').trim()).toBe(
      '/home: /opt: /root: /srv: app tcompose',
    );
  });

  it('cannot write to the machine, and carries no set-uid power', async () => {
    const script =
      'touch /usr/bin/x /usr/local/lib/x 2>&1; test -w /opt/tcompose/bin/node && echo writable; cat /proc/self/mountinfo';
    const output = await run(script);
    expect(output.match(/Read-only file system/g)).toHaveLength(2);
    expect(output).not.toMatch(/^writable$/m);
    const mounted = new Map(output.split('\n').map((line) => [line.split(' ')[4], line.split(' ')[5]]));
    for (const { target } of image.mounts) expect(mounted.get(target), target).toMatch(/^ro,nosuid,nodev\b/);
  });

  it('has public certificates and the library cache where programs look', async () => {
    const script = 'head -c 27 /etc/ssl/certs/ca-certificates.crt; ldconfig -p | head -1 | cut -d" " -f2-3';
    const output = await run(script);
    if (existsSync('/etc/ssl/certs/ca-certificates.crt'))
      expect(output).toContain('-----BEGIN CERTIFICATE-----');
    expect(output).toContain('libs found');
  });
});
