// The launcher and its code cache: trusted only where nobody else can write, replaced when it does not fit.

import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const top = join(dirname(fileURLToPath(import.meta.url)), '../../..');
const headerSize = 64;
const scripts = ['build.cjs', 'engine.cjs', 'tcompose.cjs', 'watch.cjs', 'work.cjs'];
let home: string;
let dist: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'tcompose-launcher-'));
  dist = join(home, 'dist');
  mkdirSync(dist, { mode: 0o755 });
  cpSync(join(top, 'bin'), join(home, 'bin'), { recursive: true });
  for (const name of scripts) cpSync(join(top, 'dist', name), join(dist, name));
  writeFileSync(join(home, 'compose.yaml'), 'services: {web: {image: host}}\n');
});

afterEach(() => rmSync(home, { recursive: true }));

function run(args: string[], nodeArgs: string[] = [], variables: Record<string, string> = {}) {
  const env = { HOME: home, TCOMPOSE_ROOT: join(home, 'root'), ...variables };
  const options = { cwd: home, encoding: 'utf8', env } as const;
  return spawnSync(process.execPath, [...nodeArgs, join(home, 'bin/tcompose'), ...args], options);
}

const caches = () => readdirSync(dist).filter((name) => name.includes('.cache'));

/** The scripts and code paths that have a cache: `tcompose-version`. */
const known = () => caches().map((name) => name.split('.')[0]);

const cacheOf = (path: string) => join(dist, caches().find((name) => name.startsWith(`tcompose-${path}.`))!);

function headerOf(path: string): { build: string } {
  return JSON.parse(readFileSync(cacheOf(path)).toString('latin1', 0, headerSize));
}

function expectVersion(): void {
  const { status, stderr, stdout } = run(['version', '--short']);
  expect({ status, stderr, stdout }).toEqual({
    status: 0,
    stderr: '',
    stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
  });
}

describe('the code cache', () => {
  it('is made for each path that has run to its end, and left alone after that', () => {
    expectVersion();
    expect(known()).toEqual(['tcompose-version']);
    expect(run(['config', '-q']).status).toBe(0);
    expect(known()).toEqual(['tcompose-config', 'tcompose-version']);
    const before = ['config', 'version'].map((path) => statSync(cacheOf(path)).ino);
    expectVersion();
    expect(run(['-p', 'version', 'config', '-q']).status).toBe(0);
    expect(run(['nosuch']).status).toBe(2);
    expect(['config', 'version'].map((path) => statSync(cacheOf(path)).ino)).toEqual(before);
  });

  it('is made for the engine, too, by a command that asks it', () => {
    expect(run(['ps']).status).toBe(0);
    expect(known()).toEqual(['engine-ps', 'tcompose-ps']);
    const before = caches().map((name) => statSync(join(dist, name)).ino);
    expect(run(['ps']).status).toBe(0);
    expect(caches().map((name) => statSync(join(dist, name)).ino)).toEqual(before);
  });

  it('is replaced if it is damaged, or of another build', () => {
    expectVersion();
    const path = cacheOf('version');
    const whole = readFileSync(path);
    for (const damaged of [
      whole.subarray(0, headerSize + 100),
      Buffer.concat([whole.subarray(0, headerSize), Buffer.alloc(whole.length - headerSize)]),
      Buffer.from(
        whole.toString('latin1').replace(/"build":"\w{16}"/, '"build":"0000000000000000"'),
        'latin1',
      ),
      Buffer.from('no header'),
    ]) {
      writeFileSync(path, damaged);
      expectVersion();
      expect(readFileSync(path).equals(damaged)).toBe(false);
      expect(headerOf('version').build).toBe(
        readFileSync(join(dist, 'tcompose.cjs'), 'latin1').slice(-17, -1),
      );
    }
  });

  it('is not trusted if others may write it', () => {
    expectVersion();
    const path = cacheOf('version');
    chmodSync(path, 0o666);
    expectVersion();
    expect(statSync(path).mode & 0o022).toBe(0);
  });

  it('is neither read nor written in a folder that others may write', () => {
    chmodSync(dist, 0o777);
    expectVersion();
    expect(caches()).toEqual([]);
  });

  it('is not written by a run with V8 options of its own', () => {
    expect(run(['version'], ['--stack-size=900']).status).toBe(0);
    expect(caches()).toEqual([]);
  });
});

describe('the launcher', () => {
  it('says what is missing if nothing is built', () => {
    rmSync(join(dist, 'tcompose.cjs'));
    const { status, stderr } = run(['version']);
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringMatching(/^tcompose: it is not built: run/),
    });
  });

  it('mixes no scripts of two builds', () => {
    const engine = join(dist, 'engine.cjs');
    writeFileSync(
      engine,
      readFileSync(engine, 'latin1').replace(/\w{16}\n$/, '0000000000000000\n'),
      'latin1',
    );
    expectVersion();
    const { status, stderr } = run(['ps']);
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: 'tcompose: it was built anew while this command started: run it again\n',
    });
  });

  it('shows where in the sources a defect is, when asked', () => {
    const preload = join(home, 'defect.cjs');
    writeFileSync(preload, 'JSON.stringify = () => { throw new Error("a defect"); };');
    for (const name of scripts) cpSync(join(top, 'dist', `${name}.map`), join(dist, `${name}.map`));
    const { stderr } = run(['version', '-f', 'json'], ['-r', preload], { TCOMPOSE_DEBUG: '1' });
    expect(stderr).toMatch(/src\/cli\/commands\/version\.ts:\d+:\d+/);
  });

  it('refuses a Node that is too old with a sentence', () => {
    const preload = join(home, 'old-node.cjs');
    writeFileSync(
      preload,
      'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "18.20.4" } });',
    );
    const { status, stderr } = run(['version'], ['-r', preload]);
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: 'tcompose: Node 18.20.4 is too old: 20.19 or newer is needed\n',
    });
  });

  it('needs nothing but the scripts', () => {
    expect(readdirSync(dist)).toEqual(scripts);
    expect(run(['config']).stdout).toContain('image: host');
  });
});

describe('arguments that Node has too', () => {
  /** As a shell runs it: by its first line. */
  const runByName = (...args: string[]) =>
    spawnSync(join(home, 'bin/tcompose'), args, {
      cwd: home,
      encoding: 'utf8',
      env: {
        HOME: home,
        PATH: `${dirname(process.execPath)}:/usr/bin:/bin`,
        TCOMPOSE_ROOT: join(home, 'root'),
      },
    });

  it('leaves an env file that is missing to the command', () => {
    const { status, stderr } = runByName('--env-file', 'nosuch.env', 'config', '-q');
    expect({ status, stderr }).toMatchObject({ status: 1, stderr: expect.stringContaining('env file') });
  });

  it('does not obey NODE_OPTIONS of an env file', () => {
    writeFileSync(join(home, 'node.env'), 'NODE_OPTIONS=--no-such-option\n');
    expect(runByName('--env-file', 'node.env', 'config', '-q')).toMatchObject({ status: 0, stderr: '' });
  });
});
