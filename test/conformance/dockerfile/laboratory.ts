// Dockerfiles built by the real engine, and the images that come of them as text: every file beyond the base image with
// its kind, mode, owner and content, and the config.

import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TcError } from '../../../src/base/error.ts';
import { createNativeEngine } from '../../../src/engine/native-engine.ts';
import type { BuildEvent, BuildRequest, Engine } from '../../../src/engine/ports.ts';
import { formatPlatform } from '../../../src/image/platform.ts';
import { renderError } from '../../../src/ui/diagnostic.ts';
import { createStyle } from '../../../src/ui/style.ts';
import { type Case, expandContext, parseCase, type Setting, writeContext } from './case.ts';
import { busybox, compareFiles, listFiles } from './file-list.ts';

export interface DescribedImage {
  /** One text for every file. */
  readonly files: readonly string[];
  readonly config: object;
}

export class Laboratory {
  readonly #base = mkdtempSync(join(tmpdir(), 'tcompose-dockerfile-'));
  readonly engine: Engine;
  #baseFiles = new Map<string, string>();
  #count = 0;

  constructor() {
    this.engine = createNativeEngine({ root: join(this.#base, 'root'), runDir: join(this.#base, 'run') });
  }

  /** An image `base` of busybox, two users and a few directories. */
  async makeBase(): Promise<void> {
    const directory = join(this.#base, 'base');
    for (const name of ['bin', 'dev', 'etc', 'proc', 'sys', 'tmp', 'home/app', 'existing']) {
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
      directory: context,
      cacheFrom: [],
      cacheTo: [],
      ...options,
    };
  }

  /** What a case comes to: the image, or the error; and the findings of checks. */
  examine(input: string): Promise<string> {
    const found = parseCase(input);
    return this.withContext(found, async (context) => {
      const findings: string[] = [];
      const on = (event: BuildEvent) => {
        if (event.type === 'check') findings.push(`check ${event.at.line} ${event.rule}\n`);
      };
      try {
        const image = await this.build(context, found, 'result', on);
        const all = await this.#describePlatforms('result');
        return [...(all.length > 0 ? all : describe(image)), ...findings].join('');
      } catch (error) {
        if (!(error instanceof TcError)) throw error;
        const text = renderError(error, {
          style: createStyle(false),
          directory: context,
          readSource: () => undefined,
        });
        return text.replaceAll(context, '<context>');
      }
    });
  }

  async withContext<T>(found: Case, use: (context: string) => Promise<T>): Promise<T> {
    const context = this.makeDirectory(`case-${this.#count++}`);
    writeContext(context, found);
    try {
      return await use(context);
    } finally {
      rmSync(context, { recursive: true, force: true });
    }
  }

  /** Throws what the build throws. */
  async build(
    context: string,
    { settings }: Case,
    name: string,
    on: (event: BuildEvent) => void = () => undefined,
  ): Promise<DescribedImage> {
    const request = this.#request(context, name, describeOptions(settings, context));
    await this.engine.builds.build({ requests: [request], on });
    const { config } = await this.engine.images.inspect(name);
    return { files: this.listChanges(await this.#listFiles(name)), config };
  }

  /** Each image of an index under its platform; none if it is not one. */
  async #describePlatforms(name: string): Promise<string[]> {
    const { members } = await this.engine.images.inspect(name);
    const texts: string[] = [];
    for (const platform of members.map((member) => formatPlatform(member.platform))) {
      const { config } = await this.engine.images.inspect(name, platform);
      const files = this.listChanges(await this.#listFiles(name, platform));
      texts.push(`platform ${platform}\n`, ...describe({ files, config }));
    }
    return texts;
  }

  /** What the checks alone find, each `LINE RULE: MESSAGE`. */
  async check(context: string, { settings }: Case): Promise<string[]> {
    const findings: string[] = [];
    const requests = [this.#request(context, 'checked', describeOptions(settings, context))];
    const on = (event: BuildEvent) => {
      if (event.type === 'check') findings.push(`${event.at.line} ${event.rule}: ${event.message}`);
    };
    await this.engine.builds.check({ requests, on });
    return findings;
  }

  /** Beyond `base`; an image that is not built on it is listed whole. */
  listChanges(files: ReadonlyMap<string, string>): string[] {
    return compareFiles(files, files.has('/bin/sh') ? this.#baseFiles : new Map());
  }

  makeDirectory(name: string): string {
    const path = join(this.#base, name);
    mkdirSync(path);
    return path;
  }

  async document(name: string): Promise<Record<string, unknown>> {
    const { imageId } = await this.engine.images.inspect(name);
    const path = join(this.#base, 'root/images/blobs', ...imageId.split(':'));
    return JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  }

  async #listFiles(name: string, platform?: string): Promise<Map<string, string>> {
    const { layers } = await this.engine.images.inspect(name, platform);
    const paths = layers.map(({ chainId }) =>
      join(this.#base, 'root/layers', chainId.slice('sha256:'.length), 'diff'),
    );
    return listFiles(paths.reverse());
  }
}

function describe({ files, config }: DescribedImage): string[] {
  const members = Object.entries(config).map(([key, value]) => `${key} ${JSON.stringify(value)}\n`);
  return [...files, ...members.sort()];
}

function describeOptions(settings: readonly Setting[], context: string): Partial<BuildRequest> {
  const named = (key: string) => settings.filter((setting) => setting.key === key);
  const record = (key: string, map: (value: string) => unknown = (value) => value) =>
    Object.fromEntries(named(key).map(({ name, value }) => [name, map(value)]));
  return {
    args: record('arg') as Record<string, string>,
    secrets: record('secret', (content) => ({ content })) as BuildRequest['secrets'],
    namedContexts: record('context', (value) => expandContext(value, context)) as Record<string, string>,
    extraHosts: named('host').map(({ name, value }) => `${name}=${value}`),
    ...record('build', (value) => JSON.parse(value) as unknown),
  };
}
