// A project that is watched, as its developer sees it: files are saved, lines are told, and containers have what they say.

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { afterEach, expect } from 'vitest';
import { eventually, Scenario } from './scenario.ts';

export class Watching {
  readonly scenario: Scenario;
  output = '';
  /** How much of the output has been waited for. */
  seen = 0;
  #child: ChildProcess | undefined;
  #ended: Promise<number | null> | undefined;

  constructor(files: Record<string, string>) {
    this.scenario = new Scenario(files);
  }

  /** Starts a command that watches, and waits until it does. */
  async start(...args: string[]): Promise<void> {
    const child = this.scenario.start(args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#ended = once(child, 'exit').then(([code]) => code as number | null);
    this.#child = child;
    this.output = '';
    this.seen = 0;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (bytes) => {
        if (this.#child === child) this.output += bytes;
      });
    }
    await this.tells('watch: enabled for ');
  }

  /** The next line that has the text, behind all those that were waited for before. */
  async tells(text: string): Promise<void> {
    const found = await eventually(`"${text}" in ${this.output.slice(this.seen)}`, () => {
      const at = this.output.indexOf(text, this.seen);
      if (at < 0 && this.#child?.exitCode !== null) throw new Error(`it has ended:\n${this.output}`);
      return at < 0 ? undefined : { at };
    }).catch((error: Error) => {
      throw new Error(`${error.message}\n${this.output}`);
    });
    this.seen = found.at + text.length;
  }

  /** All of them, in whichever order. */
  async tellsAll(...texts: string[]): Promise<void> {
    const from = this.seen;
    const ends: number[] = [];
    for (const text of texts) {
      this.seen = from;
      await this.tells(text);
      ends.push(this.seen);
    }
    this.seen = Math.max(...ends);
  }

  /** The exit code. */
  async ends(): Promise<number | null | undefined> {
    return this.#ended;
  }

  /** Everything that is told by then. */
  async interrupt(): Promise<string> {
    this.#child?.kill('SIGINT');
    expect(await this.ends()).toBe(130);
    return this.output;
  }

  here(path: string): string {
    return join(this.scenario.directory, path);
  }

  /** As one change: nobody can see the file empty. */
  save(path: string, text: string): void {
    const aside = join(dirname(this.scenario.directory), basename(path));
    writeFileSync(aside, text);
    renameSync(aside, this.here(path));
  }

  sh(service: string, script: string, index = 1): string {
    return this.scenario.ok('exec', '-T', '--index', `${index}`, service, 'sh', '-c', script).stdout;
  }

  tree(index = 1): string[] {
    return this.sh('web', listApp, index).split('\n').filter(Boolean);
  }

  /** Several writes may be told in one line or in two: what counts is what is there in the end. */
  async comesToBe(script: string, expected: string, replicas = 1): Promise<void> {
    for (let index = 1; index <= replicas; index += 1) {
      let found = '';
      await eventually(script, () => {
        found = this.scenario.run('exec', '-T', '--index', `${index}`, 'web', 'sh', '-c', script).stdout;
        return found === expected || undefined;
      }).catch(() => expect(found).toBe(expected));
    }
  }

  async dispose(): Promise<void> {
    this.#child?.kill('SIGKILL');
    this.scenario.run('down', '-v', '--remove-orphans', '-t', '0');
    expect(await this.scenario.leftovers()).toEqual({});
    this.scenario.dispose();
  }
}

/** Opens projects, and puts each away after its test. */
export function useWatching(): (files: Record<string, string>) => Watching {
  let current: Watching | undefined;
  afterEach(async () => {
    const last = current;
    current = undefined;
    await last?.dispose();
  });
  return (files) => {
    current = new Watching(files);
    return current;
  };
}

export const listApp = 'cd /app && find . ! -name . | sort';
export const paths = (...names: string[]) => names.map((name) => `./${name}\n`).join('');
export const sleeper =
  "image: host\n    init: true\n    command: sh -c 'mkdir -p /app/src; echo started; exec sleep 600'";

/** A Compose file whose one service has these rules, one a line. */
export const web = (rules: string, more = '') =>
  `services:\n  web:\n    ${sleeper}\n${more}    develop:\n      watch:\n${rules
    .trim()
    .split('\n')
    .map((line) => `        ${line}\n`)
    .join('')}`;

export const dockerfile = `FROM scratch
COPY busybox /bin/busybox
RUN ["/bin/busybox", "--install", "-s", "/bin"]
ENV PATH=/bin
COPY version /version
`;
