// Dockerfiles built by the real engine, and the images that come of them as text: every file beyond the base image with
// its kind, mode, owner and content, and the config.
//
// A case begins with lines `#! KEY NAME=VALUE` that make its context and its options:
//   file, mode, link, hard, dir, fifo, archive (`archive x.tar.gz=DIRECTORY`), remove   of the context
//   arg, secret, context, host   of the build; `build KEY=JSON` sets any other member of the request

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { TcError } from '../../../src/base/error.ts';
import { createNativeEngine } from '../../../src/engine/native-engine.ts';
import type { BuildEvent, BuildRequest, Engine } from '../../../src/engine/ports.ts';
import { loadNative } from '../../../src/runtime/native.ts';
import { renderError } from '../../../src/ui/diagnostic.ts';
import { createStyle } from '../../../src/ui/style.ts';

const busybox = '/bin/busybox';

export interface Setting {
  readonly key: string;
  readonly name: string;
  readonly value: string;
}

export interface Case {
  readonly settings: readonly Setting[];
  readonly dockerfile: string;
}

export function parseCase(input: string): Case {
  const lines = input.split('\n');
  const settings: Setting[] = [];
  for (const line of lines) {
    const match = /^#! (\S+) ([^=]*)=?(.*)$/.exec(line);
    if (match === null) break;
    const [, key = '', name = '', value = ''] = match;
    settings.push({ key, name, value: value.replaceAll('\\n', '\n') });
  }
  return { settings, dockerfile: lines.slice(settings.length).join('\n') };
}

/** Writes the context of a case. */
export function writeContext(directory: string, { settings, dockerfile }: Case): void {
  for (const { key, name, value } of settings) {
    const path = join(directory, name);
    if (['file', 'link', 'hard', 'fifo'].includes(key)) mkdirSync(dirname(path), { recursive: true });
    if (key === 'file') writeFileSync(path, value);
    if (key === 'dir') mkdirSync(path, { recursive: true });
    if (key === 'link') symlinkSync(value, path);
    if (key === 'hard') linkSync(join(directory, value), path);
    if (key === 'mode') chmodSync(path, Number.parseInt(value, 8));
    if (key === 'fifo') execFileSync('mkfifo', [path]);
    if (key === 'archive') {
      execFileSync('tar', [
        '--auto-compress',
        '--create',
        '--file',
        path,
        '--directory',
        join(directory, value),
        '.',
      ]);
    }
    if (key === 'remove') rmSync(path, { recursive: true });
  }
  writeFileSync(join(directory, 'Dockerfile'), dockerfile);
}

export class Laboratory {
  readonly #base = mkdtempSync(join(tmpdir(), 'tcompose-dockerfile-'));
  readonly engine: Engine;
  readonly #native = loadNative();
  #baseFiles = new Map<string, string>();
  #count = 0;

  constructor() {
    this.engine = createNativeEngine({ root: join(this.#base, 'root'), runDir: join(this.#base, 'run') });
  }

  /** An image `base` of busybox, two users and a few directories. */
  async makeBase(): Promise<void> {
    const directory = join(this.#base, 'base');
    for (const name of ['bin', 'etc', 'tmp', 'home/app', 'existing']) {
      mkdirSync(join(directory, 'rootfs', name), { recursive: true });
    }
    const root = join(directory, 'rootfs');
    cpSync(busybox, join(root, 'bin/busybox'));
    const applets = execFileSync(busybox, ['--list'], { encoding: 'utf8' }).trim().split('\n');
    for (const applet of applets) if (applet !== 'busybox') symlinkSync('busybox', join(root, 'bin', applet));
    chmodSync(join(root, 'tmp'), 0o1777);
    chmodSync(join(root, 'existing'), 0o700);
    writeFileSync(join(root, 'existing/old'), 'old\n');
    symlinkSync('existing', join(root, 'linked'));
    writeFileSync(
      join(root, 'etc/passwd'),
      'root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001:app:/home/app:/bin/sh\n',
    );
    writeFileSync(join(root, 'etc/group'), 'root:x:0:\napp:x:1001:\nstaff:x:50:\n');
    execFileSync('tar', [
      '--create',
      '--file',
      join(directory, 'base.tar'),
      '--owner=0',
      '--group=0',
      '--directory',
      root,
      '.',
    ]);
    rmSync(root, { recursive: true });
    writeFileSync(join(directory, 'Dockerfile'), 'FROM scratch\nADD base.tar /\nENV PATH=/bin\nCMD ["sh"]\n');
    await this.engine.builds.build({ requests: [this.#request(directory, 'base', {})], on: () => undefined });
    this.#baseFiles = await this.#listFiles('base');
  }

  /** Removes the image store and all else. */
  close(): void {
    rmSync(this.#base, { recursive: true, force: true });
  }

  #request(context: string, name: string, options: Partial<BuildRequest>): BuildRequest {
    return {
      name,
      context,
      dockerfile: { path: 'Dockerfile' },
      args: {},
      labels: {},
      tags: [name],
      namedContexts: {},
      secrets: {},
      ssh: {},
      network: 'none',
      entitlements: [],
      extraHosts: [],
      ulimits: {},
      noCache: [],
      pull: false,
      ...options,
    };
  }

  /** What a case comes to: the image, or the error; and the findings of checks. */
  async examine(input: string): Promise<string> {
    const found = parseCase(input);
    const context = join(this.#base, `case-${this.#count++}`);
    mkdirSync(context);
    writeContext(context, found);
    const findings: string[] = [];
    const on = (event: BuildEvent) => {
      if (event.type === 'check') findings.push(`check ${event.at.line} ${event.rule}\n`);
    };
    try {
      const request = this.#request(context, 'result', describeOptions(found.settings, context));
      await this.engine.builds.build({ requests: [request], on });
      return (await this.#describeImage('result')) + findings.join('');
    } catch (error) {
      if (!(error instanceof TcError)) throw error;
      const text = renderError(error, {
        style: createStyle(false),
        directory: context,
        readSource: () => undefined,
      });
      return text.replaceAll(context, '<context>');
    } finally {
      rmSync(context, { recursive: true, force: true });
    }
  }

  /** An image that is not built on `base` is listed whole. */
  async #describeImage(name: string): Promise<string> {
    const files = await this.#listFiles(name);
    const before = files.has('/bin/sh') ? this.#baseFiles : new Map<string, string>();
    const lines = [...files]
      .filter(([path, text]) => before.get(path) !== text)
      .map(([path, text]) => `${path} ${text}\n`);
    const gone = [...before.keys()].filter((path) => !files.has(path)).map((path) => `${path} gone\n`);
    const { config } = await this.engine.images.inspect(name);
    const members = Object.entries(config).map(([key, value]) => `${key} ${JSON.stringify(value)}\n`);
    return [...lines, ...gone, ...members.sort()].join('');
  }

  async #listFiles(name: string): Promise<Map<string, string>> {
    const { layers } = await this.engine.images.inspect(name);
    const paths = layers.map(({ chainId }) =>
      join(this.#base, 'root/layers', chainId.slice('sha256:'.length), 'diff'),
    );
    // An overlay has two layers at least.
    const empty = mkdtempSync(join(this.#base, 'empty-'));
    for (const part of ['a', 'b']) mkdirSync(join(empty, part));
    const fd = this.#native.mountLayers([...paths.reverse(), join(empty, 'a'), join(empty, 'b')]);
    try {
      const files = new Map<string, string>();
      listTree(`/proc/self/fd/${fd}/.`, '', files);
      return files;
    } finally {
      this.#native.close(fd);
      rmSync(empty, { recursive: true });
    }
  }
}

function describeOptions(settings: readonly Setting[], context: string): Partial<BuildRequest> {
  const named = (key: string) => settings.filter((setting) => setting.key === key);
  const record = (key: string, map: (value: string) => unknown = (value) => value) =>
    Object.fromEntries(named(key).map(({ name, value }) => [name, map(value)]));
  return {
    args: record('arg') as Record<string, string>,
    secrets: record('secret', (content) => ({ content })) as BuildRequest['secrets'],
    namedContexts: record('context', (value) => String(value).replace('<context>', context)) as Record<
      string,
      string
    >,
    extraHosts: named('host').map(({ name, value }) => `${name}=${value}`),
    ...record('build', (value) => JSON.parse(value) as unknown),
  };
}

/** `directory 755 0:0`, `file 644 0:0 "content"`, `link 0:0 -> target`, `= first name`. */
function listTree(
  root: string,
  path: string,
  files: Map<string, string>,
  inodes = new Map<number, string>(),
): void {
  for (const name of readdirSync(join(root, path)).sort()) {
    const below = `${path}/${name}`;
    const place = `${root}${below}`;
    const status = lstatSync(place);
    const owner = `${status.uid}:${status.gid}`;
    const mode = (status.mode & 0o7777).toString(8);
    const first = status.nlink > 1 && status.isFile() ? inodes.get(status.ino) : undefined;
    if (status.isFile() && status.nlink > 1) inodes.set(status.ino, first ?? below);
    if (status.isDirectory()) {
      files.set(below, `directory ${mode} ${owner}`);
      listTree(root, below, files, inodes);
    } else if (first !== undefined) files.set(below, `= ${first}`);
    else if (status.isFile())
      files.set(below, `file ${mode} ${owner} ${describeContent(readFileSync(place))}`);
    else if (status.isSymbolicLink()) files.set(below, `link ${owner} -> ${readlinkSync(place)}`);
    else files.set(below, `special ${mode} ${owner}`);
  }
}

function describeContent(bytes: Buffer): string {
  // Whichever version this machine has.
  if (bytes.equals(readFileSync(busybox))) return 'busybox';
  if (bytes.length <= 400) return JSON.stringify(bytes.toString('utf8'));
  return `${bytes.length} bytes ${createHash('sha256').update(bytes).digest('hex').slice(0, 12)}`;
}
