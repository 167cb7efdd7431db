// examples/ci-pipeline: commits are pushed with git, and looked for behind the port of the application.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { unless } from '../../../src/base/system-error.ts';
import { eventually, executable, Scenario } from '../scenario.ts';
import { buildTimeout, describeExample, Example } from './example.ts';

const server = '127.0.0.1:8090/app.git';
const origin = `http://developer:only-an-example@${server}`;
const image = '127.0.0.1:5001/app';

/** Unlike any page before it: nothing that was built of another run's is built of this. */
const page = (version: number) => `<h1>Version ${version}</h1> <!-- ${randomUUID()} -->\n`;

/** `examples/ci-pipeline/runner.sh`, and what it has said. */
class Runner {
  #said = '';
  readonly #child: ChildProcess;

  constructor(example: Example) {
    this.#child = spawn(join(example.directory, 'runner.sh'), {
      env: { ...example.environment, TCOMPOSE: executable },
      // A group of its own, to be ended as by Ctrl-C.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#said += text;
      });
    }
  }

  /** All of the work on a commit, from `building` to `deployed` or `failed`. */
  async work(commit: string, end: 'deployed' | 'failed' = 'deployed', seconds = 100): Promise<string> {
    const pattern = new RegExp(`^building ${commit}$.*?^(deployed|failed) ${commit}$`, 'ms');
    const [text = '', outcome] = await eventually(
      `${commit} is worked on`,
      () => pattern.exec(this.#said) ?? undefined,
      seconds,
    ).catch((error) => {
      throw new Error(`${error.message}\n${this.#said}`);
    });
    if (outcome !== end) throw new Error(`not ${end}:\n${this.#said}`);
    return text;
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const closed = once(this.#child, 'close');
    // It may have ended with the Git server by now.
    unless(['ESRCH'], () => process.kill(-(this.#child.pid ?? 0), 'SIGINT'));
    await closed;
  }
}

/** What a developer has: a clone of the repository. */
class Clone {
  readonly directory: string;

  constructor(directory: string, source: string) {
    this.directory = directory;
    cpSync(source, directory, { recursive: true });
    this.git('init', '-q', '-b', 'main');
  }

  git(...args: string[]): string {
    const person = ['-c', 'user.name=developer', '-c', 'user.email=developer@example.com'];
    return execFileSync('git', [...person, ...args], {
      cwd: this.directory,
      env: { PATH: process.env['PATH'], GIT_CONFIG_GLOBAL: '/dev/null', GIT_TERMINAL_PROMPT: '0' },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim();
  }

  /** The commit, pushed. */
  push(files: Record<string, string>): string {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(this.directory, name), text);
    this.git('add', '.');
    this.git('commit', '-q', '--allow-empty', '-m', 'Change');
    this.git('push', '-q', origin, 'main');
    return this.git('rev-parse', 'HEAD');
  }
}

async function visit(): Promise<string> {
  const response = await fetch('http://127.0.0.1:8091/', { headers: { connection: 'close' } });
  expect(response.status).toBe(200);
  return await response.text();
}

/** `RAN what` or `CACHED what`, of the steps that copy and run. */
function stepsOf(text: string): string[] {
  const titles = new Map(
    [...text.matchAll(/^#(\d+) app: \[\S+ \d+\/\d+\] (\w+ \S+)/gm)].map(([, id, title]) => [id, title]),
  );
  return [...text.matchAll(/^#(\d+) (DONE|CACHED)/gm)].map(
    ([, id, word]) => `${word === 'DONE' ? 'RAN' : word} ${titles.get(id)}`,
  );
}

describeExample('ci-pipeline', () => {
  let example: Example;
  let clone: Clone;
  let runner: Runner;
  let first = '';

  beforeAll(async () => {
    example = await Example.build('ci-pipeline');
    await example.finish('up', '-d', '--wait');
    clone = new Clone(join(dirname(example.directory), 'clone'), join(example.directory, 'app'));
    runner = new Runner(example);
  }, buildTimeout);
  afterAll(async () => {
    await runner?.end();
    example?.dispose();
    expect(await example?.leftovers()).toEqual({});
  });

  const tags = () => example.ok('registry', 'tags', '--quiet', image).stdout.split('\n');

  it('starts without the application: there is nothing to build yet', async () => {
    expect(
      example
        .ps()
        .map(({ Service }) => Service)
        .sort(),
    ).toEqual(['git', 'registry']);
    await expect(fetch('http://127.0.0.1:8091/')).rejects.toThrow();
  });

  it('lets everybody read, and nobody push without a password', () => {
    expect(clone.git('ls-remote', `http://${server}`)).toBe('');
    clone.git('commit', '-q', '--allow-empty', '-m', 'Not to be pushed');
    for (const account of ['', 'developer:wrong@']) {
      expect(() => clone.git('push', '-q', `http://${account}${server}`, 'main')).toThrow();
    }
    expect(clone.git('ls-remote', `http://${server}`)).toBe('');
  });

  it(
    'builds what was pushed, pushes the image, deploys it',
    async () => {
      first = clone.push({});
      expect(await runner.work(first, 'deployed', 600)).toContain(`Image ${image}:${first}  Pushed\n`);
      expect(await visit()).toContain('Version 1');
      expect(tags()).toContain(first);
    },
    buildTimeout,
  );

  it('runs again of the next build the step that has changed, and pushes its layer, and nothing else', async () => {
    const second = clone.push({ 'index.html': page(2) });
    const work = await runner.work(second);
    expect(stepsOf(work).filter((step) => step.startsWith('RAN'))).toEqual(['RAN COPY index.html']);
    expect(stepsOf(work).filter((step) => step.startsWith('CACHED'))).toHaveLength(3);
    // The layer, and the configuration of the image.
    expect(work.match(/^ [0-9a-f]{12} {2}Pushed$/gm)).toHaveLength(2);
    expect(work.match(/^ [0-9a-f]{12} {2}Layer already exists$/gm)).toHaveLength(2);
    expect(await visit()).toContain('Version 2');
    expect(tags()).toEqual(expect.arrayContaining([first, second]));
  });

  it('has in its registry what another machine runs', () => {
    const other = new Scenario({ 'compose.yaml': `services: {app: {image: "${image}:${first}"}}` });
    try {
      other.ok('up', '-d');
      const served = other.ok('exec', '-T', 'app', 'busybox', 'cat', '/www/index.html').stdout;
      expect(served).toContain('Version 1');
    } finally {
      other.dispose();
    }
  });

  it('says why a commit cannot be built, and leaves what runs alone', async () => {
    const [before] = example.ps('app');
    const bad = clone.push({ Dockerfile: 'FROM scratch\nCOPPY a b\n' });
    expect(await runner.work(bad, 'failed')).toContain('did you mean COPY?');
    expect(await visit()).toContain('Version 2');
    expect(example.ps('app')[0]?.ID).toBe(before?.ID);
  });

  it('deploys what was pushed while there was no runner', async () => {
    await runner.end();
    clone.git('revert', '-n', 'HEAD');
    const fixed = clone.push({ 'index.html': page(3) });
    expect(await visit()).toContain('Version 2');
    runner = new Runner(example);
    await runner.work(fixed);
    expect(await visit()).toContain('Version 3');
  });

  it('keeps repository and images over a restart of the whole', () => {
    const head = clone.git('rev-parse', 'HEAD');
    example.ok('restart', 'git', 'registry');
    example.ok('up', '-d', '--wait', 'git', 'registry');
    expect(clone.git('ls-remote', `http://${server}`, 'refs/heads/main')).toContain(head);
    expect(tags()).toContain(head);
    rmSync(clone.directory, { recursive: true });
  });
});
