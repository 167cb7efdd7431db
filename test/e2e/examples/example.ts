// The examples that are built of Debian packages, run as their READMEs say. They are projects of one instance: the base
// image is made once a run, and what a build has downloaded is there for the next.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, inject } from 'vitest';
import { executable, Scenario, top } from '../scenario.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Data root of the instance that all examples share; `TEST_EXAMPLES_ROOT` keeps one from run to run. */
    examplesRoot: string;
  }
}

const base = 'debian:bookworm-slim';
const index = 'http://deb.debian.org/debian/dists/bookworm/InRelease';
const minutes = 60_000;

/** For hooks that build: a slow machine unpacks some hundred packages. */
export const buildTimeout = 15 * minutes;

/** Why nothing can be built of Debian packages here, if so. apt's own program asks, by what proxy it may have. */
function findObstacle(): string | undefined {
  if (!existsSync('/usr/bin/mmdebstrap')) return 'needs mmdebstrap';
  const args = ['-o', 'Acquire::Retries=0', '-o', 'Acquire::http::Timeout=10'];
  const target = join(process.env['TMPDIR'] ?? '/tmp', `tcompose-reachable-${process.pid}`);
  const script = `/usr/lib/apt/apt-helper "$@"; status=$?; rm -f "${target}"; exit $status`;
  const asked = spawnSync('sh', ['-c', script, 'sh', ...args, 'download-file', index, target], {
    stdio: 'ignore',
    timeout: 20_000,
  });
  return asked.status === 0 ? undefined : 'Debian packages cannot be reached';
}

/** `describe`, or where it cannot be built, its tests skipped with the reason in their names. */
export function describeExample(name: string, body: () => void): void {
  const obstacle = findObstacle();
  if (obstacle === undefined) describe(`examples/${name}`, body);
  else describe.skip(`examples/${name} (${obstacle})`, body);
}

export class Example extends Scenario {
  /** A copy of `examples/NAME` as a project of that name, its images built by `debian/compose.yaml`. */
  static async build(name: string, environment: Record<string, string> = {}): Promise<Example> {
    const example = new Example(
      {},
      {
        TCOMPOSE_ROOT: inject('examplesRoot'),
        COMPOSE_PROJECT_NAME: name,
        COMPOSE_FILE: 'compose.yaml:debian/compose.yaml',
        ...environment,
      },
    );
    example.copyExample(name);
    await example.makeBase();
    await example.finish('build');
    return example;
  }

  /** Made by the script that the READMEs name, unless it is there. */
  async makeBase(): Promise<void> {
    if (this.run('image', 'inspect', base).status === 0) return;
    await runAside(join(top, 'examples/debian-base/make.sh'), [base], {
      cwd: this.directory,
      env: { ...this.environment, TCOMPOSE: executable },
    });
  }

  /** As `ok`, for what takes minutes: this process goes on answering its test runner. */
  async finish(...args: string[]): Promise<string> {
    return await runAside(process.execPath, [executable, ...args], {
      cwd: this.directory,
      env: this.environment,
    });
  }
}

/** Standard output; throws with all its output unless it exits 0. */
async function runAside(
  file: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<string> {
  const child = spawn(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'], timeout: 10 * minutes });
  let stdout = '';
  let all = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    all += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    all += text;
  });
  const status = await new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (code, signal) => resolve(code ?? signal));
  });
  if (status !== 0) throw new Error(`${file} ${args.join(' ')} exited ${status}\n${all}`);
  return stdout;
}
