// A project directory and a data root of its own, and the built tcompose run on them as a user would run it.

import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findLeftovers, listDirectory } from './host-state.ts';

export const top = join(dirname(fileURLToPath(import.meta.url)), '../..');
export const executable = join(top, 'bin/tcompose');

/** An emulated machine is slower by far (scripts/test-vm.mjs). */
const { TCOMPOSE_TEST_TIMEOUT } = process.env;
const COMMAND_TIMEOUT = Number(TCOMPOSE_TEST_TIMEOUT ?? 100_000);
const PATIENCE = TCOMPOSE_TEST_TIMEOUT === undefined ? 1 : 10;

export interface Outcome {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ContainerRow {
  readonly ID: string;
  readonly Name: string;
  readonly Service: string;
  readonly State: string;
  readonly Health: string;
  readonly ExitCode: number;
  readonly Status: string;
}

export class Scenario {
  readonly directory: string;
  readonly root: string;
  readonly environment: NodeJS.ProcessEnv;

  /** Precedes every command: `machine.prefix`, where it is to run elsewhere than on this host. */
  #prefix: readonly string[];

  constructor(
    files: Record<string, string>,
    environment: Record<string, string> = {},
    prefix: readonly string[] = [],
  ) {
    this.#prefix = prefix;
    const base = mkdtempSync(join(tmpdir(), 'tcompose-e2e-'));
    this.directory = join(base, 'project');
    this.root = environment['TCOMPOSE_ROOT'] ?? join(base, 'root');
    mkdirSync(this.directory);
    for (const [name, text] of Object.entries(files)) this.write(name, text);
    this.environment = { PATH: process.env.PATH, HOME: base, TCOMPOSE_ROOT: this.root, ...environment };
  }

  /** A copy of one of the examples, as it stands. */
  static ofExample(name: string): Scenario {
    const scenario = new Scenario({});
    scenario.copyExample(name);
    return scenario;
  }

  protected copyExample(name: string): void {
    cpSync(join(top, 'examples', name), this.directory, { recursive: true });
  }

  /** From now on commands run there. */
  moveTo(prefix: readonly string[]): void {
    this.#prefix = prefix;
  }

  write(name: string, text: string): void {
    const path = join(this.directory, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }

  /** Entering another mount namespace leaves the directory. */
  #command(args: readonly string[]): readonly string[] {
    const own = [process.execPath, executable, ...args];
    return this.#prefix.length === 0 ? own : [...this.#prefix, '/usr/bin/env', '-C', this.directory, ...own];
  }

  /** Runs tcompose to its end. */
  run(...args: string[]): Outcome {
    const [file = '', ...line] = this.#command(args);
    const result = spawnSync(file, line, {
      cwd: this.directory,
      env: this.environment,
      encoding: 'utf8',
      timeout: COMMAND_TIMEOUT,
    });
    return { status: result.status, signal: result.signal, stdout: result.stdout, stderr: result.stderr };
  }

  /** Runs tcompose and throws with all its output unless it exits 0. */
  ok(...args: string[]): Outcome {
    const outcome = this.run(...args);
    if (outcome.status === 0) return outcome;
    throw new Error(
      `tcompose ${args.join(' ')} exited ${outcome.status ?? outcome.signal}\n${outcome.stdout}${outcome.stderr}`,
    );
  }

  /** Starts tcompose in the background. */
  start(args: readonly string[], options: SpawnOptions = {}) {
    const [file = '', ...line] = this.#command(args);
    return spawn(file, line, {
      cwd: this.directory,
      env: this.environment,
      ...options,
    });
  }

  ps(...args: string[]): ContainerRow[] {
    const text = this.ok('ps', '-a', '--format', 'json', ...args).stdout;
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as ContainerRow);
  }

  container(name: string): ContainerRow {
    const found = this.ps().find((row) => row.Name === name);
    if (found === undefined) throw new Error(`no container ${name}: ${this.ps().map((row) => row.Name)}`);
    return found;
  }

  list(kind: 'containers' | 'layers' | 'networks' | 'volumes'): string[] {
    return listDirectory(join(this.root, kind));
  }

  /** What host and disk hold of this scenario's instance; `{}` once the kernel has let go of the last of it. */
  async leftovers(): Promise<Record<string, string[]>> {
    const identity = join(this.root, 'instance.json');
    if (!existsSync(identity)) return {};
    const { id } = JSON.parse(readFileSync(identity, 'utf8')) as { id: string };
    const look = () => findLeftovers(id, this.root);
    const isEmpty = () => (Object.keys(look()).length === 0 ? true : undefined);
    await eventually('nothing is left', isEmpty).catch(() => undefined);
    return look();
  }

  /** `down -v`, then the directories. Safe to call whatever the test did. */
  dispose(): void {
    if (process.env.E2E_KEEP_FAILED !== '1') {
      this.run('down', '-v', '--remove-orphans', '-t', '1');
      rmSync(dirname(this.directory), { recursive: true, force: true });
    }
  }
}

/** Resolves when `probe` yields a value; fails with `what` after the deadline. For tests only: products wait on events. */
export async function eventually<T>(
  what: string,
  probe: () => T | undefined | Promise<T | undefined>,
  seconds = 20,
): Promise<T> {
  const deadline = Date.now() + seconds * 1000 * PATIENCE;
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > deadline) throw new Error(`not within ${seconds * PATIENCE} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Resolves when the process has a handler for the signal: before, it may be ended by it, or take it for its own. */
export async function hears(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  await eventually(`it hears ${signal}`, () => {
    const [, caught = '0'] =
      /^SigCgt:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? [];
    return ((BigInt(`0x${caught}`) >> BigInt(constants.signals[signal] - 1)) & 1n) === 1n;
  });
}
