import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { complete } from '../../../src/cli/completion/complete.ts';

const top = join(dirname(fileURLToPath(import.meta.url)), '../../..');

async function words(...line: string[]): Promise<string[]> {
  const { candidates } = await complete(line, () => ['web', 'store']);
  return candidates.map(({ word }) => word);
}

describe('completion', () => {
  it('offers verbs, the second word of two of them too', async () => {
    expect(await words('re')).toEqual(['registry', 'restart']);
    expect(await words('-f', 'a.yml', 'sc')).toEqual(['scale']);
    expect(await words('system', '')).toEqual([
      'check',
      'install-service',
      'restore',
      'stop',
      'uninstall-service',
    ]);
    expect(await words('registry', '')).toEqual(['ls', 'rm', 'tags']);
    expect(await words('nonsense', '')).toEqual([]);
  });

  it("offers a verb's flags and the global ones, without hidden and unsupported ones", async () => {
    expect(await words('up', '--wa')).toEqual(['--wait', '--wait-timeout', '--watch']);
    expect(await words('build', '--prov')).toEqual([]);
    expect(await words('up', '--prof')).toEqual(['--profile']);
    expect(await words('up', '--ignore')).toEqual([]);
  });

  it('offers services where services go', async () => {
    expect(await words('logs', '-f', '')).toEqual(['web', 'store']);
    expect(await words('scale', 's')).toEqual(['store=']);
    expect(await words('exec', 'w')).toEqual(['web']);
    expect(await words('up', '--exit-code-from', '')).toEqual(['web', 'store']);
  });

  it('offers images where images go, and no files where names of other things do', async () => {
    const images = async () => ['mysql:8', 'localhost:5000/app:1'];
    const offer = async (...line: string[]) => (await complete(line, () => ['web'], images)).candidates;
    expect(await offer('image', 'rm', 'my')).toEqual([{ word: 'mysql:8' }]);
    expect(await offer('image', 'tag', 'mysql:8', 'loc')).toEqual([{ word: 'localhost:5000/app:1' }]);
    expect(await offer('image', 'push', '')).toHaveLength(2);
    expect(await offer('commit', '')).toEqual([{ word: 'web' }]);
    expect(await complete(['login', ''], () => [], images)).toEqual({ candidates: [] });
    expect(await complete(['image', 'load', '-i', ''], () => [], images)).toMatchObject({ paths: 'files' });
  });

  it('gives the project of the line to whoever lists its services', async () => {
    let given: unknown;
    await complete(['-f', 'a.yml', '--profile=x', 'stop', ''], (globals) => {
      given = globals;
      return [];
    });
    expect(given).toEqual([
      { name: 'file', value: 'a.yml' },
      { name: 'profile', value: 'x' },
    ]);
  });

  it('offers the values of a flag, apart, attached, and as bash takes it apart', async () => {
    expect(await words('--progress', 'p')).toEqual(['plain']);
    expect(await words('--progress=p')).toEqual(['--progress=plain']);
    expect(await words('--progress', '=', 'p')).toEqual(['plain']);
    expect(await words('--ansi', '=')).toEqual(['auto', 'always', 'never']);
    expect(await words('completion', 'z')).toEqual(['zsh']);
  });

  it('leaves paths, and what belongs to another command, to the shell', async () => {
    expect(await complete(['-f', ''], () => [])).toMatchObject({ paths: 'files' });
    expect(await complete(['--project-directory', ''], () => [])).toMatchObject({ paths: 'directories' });
    expect(await complete(['exec', 'web', '--'], () => [])).toMatchObject({ candidates: [] });
  });
});

describe('the script for bash', () => {
  it('completes a line', () => {
    const script = `
      tcompose() { "$0" "$TCOMPOSE" "$@"; }
      source <(tcompose completion bash)
      COMP_WORDS=(tcompose -f examples/quickstart/compose.yaml logs st); COMP_CWORD=4; _tcompose
      printf '%s\\n' "\${COMPREPLY[@]}"
      COMP_WORDS=(tcompose up --remove-o); COMP_CWORD=2; _tcompose
      printf '%s\\n' "\${COMPREPLY[@]}"`;
    const run = spawnSync('bash', ['--norc', '-c', script, process.execPath], {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: top,
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], TCOMPOSE: join(top, 'bin/tcompose') },
    });
    expect(run.stderr).toBe('');
    expect(run.stdout).toBe('store\n--remove-orphans\n');
  });
});
