// The commands about images that are here: import, ls, inspect, history, tag, rm, save, load, prune. No registry.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { smallLayer } from '../native/image/fixture-image.ts';
import { executable, Scenario } from './scenario.ts';

let scenario: Scenario;

beforeEach(() => {
  scenario = new Scenario({});
});
afterEach(() => scenario.dispose());

const path = (name: string) => join(scenario.directory, name);
const ls = (...args: string[]) => scenario.ok('image', 'ls', ...args).stdout;
const names = () => ls('--format', '{{.Repository}}:{{.Tag}}').trimEnd().split('\n').sort();
const blobs = () => readdirSync(join(scenario.root, 'images/blobs/sha256'));

/** Its id. */
function importImage(reference: string, ...flags: string[]): string {
  writeFileSync(path('root.tar'), smallLayer('made-for', `${reference} ${flags.join(' ')}`));
  return scenario.ok('image', 'import', ...flags, 'root.tar', reference).stdout.trim();
}

describe('image ls', () => {
  it('shows names, ids and sizes; leaves no trace where there is nothing', () => {
    expect(ls()).toBe('REPOSITORY   TAG       IMAGE ID   CREATED   SIZE\n');
    expect(ls('-q')).toBe('');
    expect(existsSync(scenario.root)).toBe(false);
    const id = importImage('team/app:1.2');
    expect(ls('-q', '--no-trunc')).toBe(`${id}\n`);
    expect(ls('-q')).toBe(`${id.slice(7, 19)}\n`);
    expect(ls()).toMatch(
      /^REPOSITORY +TAG +IMAGE ID +CREATED +SIZE\nteam\/app +1\.2 +[0-9a-f]{12} .* ago +\d+B\n$/,
    );
    expect(ls('--digests')).toMatch(/DIGEST.*\n.* sha256:[0-9a-f]{64} /);
    expect(JSON.parse(ls('--format', 'json'))).toMatchObject({ Repository: 'team/app', Tag: '1.2' });
  });

  it('leaves out what name and filters do not fit', () => {
    importImage('app:1', '-c', 'LABEL tier=web');
    importImage('app:2');
    importImage('db:1', '-c', 'LABEL tier=db');
    const only = (...args: string[]) =>
      ls(...args, '--format', '{{.Repository}}:{{.Tag}}')
        .split('\n')
        .slice(0, -1)
        .sort();
    expect(only('app')).toEqual(['app:1', 'app:2']);
    expect(only('*:1')).toEqual(['app:1', 'db:1']);
    expect(only('--filter', 'label=tier')).toEqual(['app:1', 'db:1']);
    expect(only('--filter', 'label=tier=db')).toEqual(['db:1']);
    expect(only('--filter', 'before=app:2')).toEqual(['app:1']);
    expect(only('--filter', 'since=app:2')).toEqual(['db:1']);
    expect(only('--filter', 'until=1h')).toEqual([]);
    expect(only('--filter', 'dangling=true')).toEqual([]);
    const refused = scenario.run('image', 'ls', '--filter', 'colour=red');
    expect(refused).toMatchObject({ status: 2, stdout: '' });
    expect(refused.stderr).toContain('dangling=VALUE');
  });

  it('an image whose name went to another is without one', () => {
    const first = importImage('app');
    importImage('app', '-m', 'second');
    expect(names()).toEqual(['<none>:<none>', 'app:latest']);
    expect(ls('-q', '--no-trunc', '--filter', 'dangling=true')).toBe(`${first}\n`);
  });
});

describe('image inspect and history', () => {
  it('tell what import was told', () => {
    const id = importImage('app', '-c', 'ENV A=b', '-c', 'CMD ["/run"]', '-m', 'from a test');
    scenario.ok('image', 'tag', 'app', 'localhost:5000/app:x');
    const [found] = JSON.parse(scenario.ok('image', 'inspect', id.slice(7, 15)).stdout);
    expect(found).toMatchObject({
      Id: id,
      RepoTags: ['app:latest', 'localhost:5000/app:x'],
      Comment: 'from a test',
      Config: { Env: ['A=b'], Cmd: ['/run'] },
      Os: 'linux',
      RootFS: { Type: 'layers', Layers: [expect.stringMatching(/^sha256:/)] },
    });
    expect(scenario.ok('image', 'inspect', '-f', '{{json .Config.Cmd}} {{.Os}}', 'app').stdout).toBe(
      '["/run"] linux\n',
    );
    const history = scenario.ok('history', '--format', 'json', '--human=false', 'app').stdout;
    expect(JSON.parse(history)).toMatchObject({ ID: id.slice(7, 19), Comment: 'from a test', CreatedBy: '' });
    expect(scenario.ok('image', 'history', '-q', '--no-trunc', 'app').stdout).toBe(`${id}\n`);
  });

  it('print what there is, and fail for what is not', () => {
    importImage('app');
    const outcome = scenario.run('image', 'inspect', 'nobody', 'app');
    expect(outcome.status).toBe(1);
    expect(JSON.parse(outcome.stdout)).toHaveLength(1);
    expect(outcome.stderr).toContain('there is no image nobody');
    const foreign = scenario.run('image', 'inspect', '--platform', 'linux/s390x', 'app');
    expect(foreign).toMatchObject({ status: 1, stdout: '[]\n' });
    expect(foreign.stderr).toContain('tcompose image pull --platform linux/s390x app');
  });
});

describe('image rm', () => {
  it('takes a name away, and the content with the last one', () => {
    const id = importImage('app');
    scenario.ok('image', 'tag', 'app', 'other:1');
    expect(scenario.ok('image', 'rm', 'app').stdout).toBe('Untagged: app:latest\n');
    expect(scenario.run('image', 'rm', '--dry-run', 'other:1').stdout).toBe(
      `would untag other:1\nwould delete ${id}\n`,
    );
    expect(names()).toEqual(['other:1']);
    expect(scenario.ok('rmi', 'other:1').stdout).toBe(`Untagged: other:1\nDeleted: ${id}\n`);
    expect(blobs()).toEqual([]);
    expect(readdirSync(join(scenario.root, 'layers')).filter((name) => name.length === 64)).toEqual([]);
  });

  it('refuses an id with several names unless forced, and goes on after what is not there', () => {
    const id = importImage('app');
    scenario.ok('image', 'tag', 'app', 'other');
    const refused = scenario.run('image', 'rm', id);
    expect(refused).toMatchObject({ status: 1, stdout: '' });
    expect(refused.stderr).toContain('--force');
    const outcome = scenario.run('image', 'rm', '-f', 'nobody', id);
    expect(outcome).toMatchObject({ status: 0 });
    expect(outcome.stdout).toBe(`Untagged: app:latest\nUntagged: other:latest\nDeleted: ${id}\n`);
    const none = scenario.run('image', 'rm', 'nobody', 'nothing');
    expect(none.status).toBe(1);
    expect(none.stderr).toContain('2 errors');
  });

  it('--no-prune leaves the content to the next removal', () => {
    importImage('app');
    scenario.ok('image', 'rm', '--no-prune', 'app');
    expect(names()).toEqual(['']);
    expect(blobs()).not.toEqual([]);
    const pruned = scenario.ok('image', 'prune', '-f').stdout;
    expect(pruned).toMatch(/^Total reclaimed space: [1-9]/);
    expect(blobs()).toEqual([]);
  });
});

describe('image prune', () => {
  it('asks, and takes silence for a no', () => {
    importImage('app');
    const second = importImage('app', '-m', 'second');
    const unanswered = scenario.run('image', 'prune');
    expect(unanswered).toMatchObject({ status: 0, stdout: '' });
    expect(unanswered.stderr).toContain('--force');
    expect(names()).toHaveLength(2);
    expect(scenario.ok('image', 'prune', '-f').stdout).toMatch(
      /^Deleted Images:\ndeleted: sha256:[0-9a-f]{64}\n\nTotal reclaimed space: [1-9.]+k?B\n$/,
    );
    expect(scenario.ok('image', 'prune', '-af', '--filter', 'until=1h').stdout).toBe(
      'Total reclaimed space: 0B\n',
    );
    expect(scenario.ok('image', 'prune', '-a', '--dry-run').stdout).toBe(
      `would untag app:latest\nwould delete ${second}\n`,
    );
    expect(scenario.ok('image', 'prune', '-af').stdout).toContain(
      `untagged: app:latest\ndeleted: ${second}\n`,
    );
  });

  it('heeds labels, with and without', () => {
    importImage('keep', '-c', 'LABEL keep=yes');
    importImage('go');
    scenario.ok('image', 'prune', '-af', '--filter', 'label!=keep');
    expect(names()).toEqual(['keep:latest']);
    scenario.ok('image', 'prune', '-af', '--filter', 'label=keep=yes');
    expect(names()).toEqual(['']);
  });
});

describe('image save and load', () => {
  it.each(['docker', 'oci'])('bring several images back from a %s archive', (format) => {
    const ids = [importImage('app:1'), importImage('localhost:5000/db')];
    scenario.ok('image', 'save', '--format', format, '-o', 'both.tar', 'app:1', 'localhost:5000/db');
    expect(statSync(path('both.tar')).mode & 0o777).toBe(0o600);
    scenario.ok('image', 'rm', 'app:1', 'localhost:5000/db');
    const loaded = scenario.ok('image', 'load', '-q', '-i', 'both.tar').stdout;
    expect(loaded.trimEnd().split('\n').sort()).toEqual([
      'Loaded image: app:1',
      'Loaded image: localhost:5000/db:latest',
    ]);
    expect(ls('-q', '--no-trunc').trimEnd().split('\n').sort()).toEqual(ids.sort());
  });

  it('go through pipes, compressed, and by id without a name', () => {
    const id = importImage('app');
    const shell = `"$0" "$1" save ${id} | gzip | ("$0" "$1" --root "$TCOMPOSE_ROOT-2" load -q)`;
    const outcome = spawnSync('sh', ['-c', shell, process.execPath, executable], {
      env: scenario.environment,
      encoding: 'utf8',
    });
    expect(outcome.stderr).toBe('');
    expect(outcome.stdout).toBe(`Loaded image ID: ${id}\n`);
  });

  it('another tool reads what is saved', () => {
    importImage('app:1', '-c', 'LABEL a=b');
    scenario.ok('image', 'save', '-o', 'app.tar', 'app:1');
    const seen = spawnSync('skopeo', ['inspect', `docker-archive:${path('app.tar')}`], { encoding: 'utf8' });
    expect(JSON.parse(seen.stdout)).toMatchObject({ Labels: { a: 'b' }, Os: 'linux' });
  });

  it('leave what was there when they fail, and nothing half done', () => {
    importImage('app');
    writeFileSync(path('kept.tar'), 'mine');
    expect(scenario.run('image', 'save', '-o', 'kept.tar', 'app', 'nobody').status).toBe(1);
    expect(readFileSync(path('kept.tar'), 'utf8')).toBe('mine');
    mkdirSync(path('directory'));
    expect(scenario.run('image', 'save', '-o', 'directory', 'app').stderr).toContain(
      'cannot write directory',
    );
    expect(readdirSync(scenario.directory).sort()).toEqual(['directory', 'kept.tar', 'root.tar']);
    expect(scenario.run('image', 'load', '-i', 'nothing').stderr).toContain('error: nothing cannot be read');
    expect(scenario.run('image', 'load').stderr).toContain('standard input is empty');
    const broken = scenario.run('image', 'load', '-i', 'kept.tar');
    expect(broken).toMatchObject({ status: 1, stdout: '' });
    expect(broken.stderr).toContain('kept.tar');
    expect(names()).toEqual(['app:latest']);
  });

  it('refuse a terminal', () => {
    importImage('app');
    const line = `'${process.execPath}' '${executable}' save app; echo "exit $?"; '${process.execPath}' '${executable}' load; echo "exit $?"`;
    const { stdout } = spawnSync('script', ['-qec', line, '/dev/null'], {
      env: scenario.environment,
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: 60_000,
    });
    expect(stdout).toContain('an archive is not written to a terminal');
    expect(stdout).toContain('exit 1');
    expect(stdout).toContain('standard input is a terminal');
    expect(stdout).toContain('exit 2');
  });
});

describe('image import', () => {
  it('fetches nothing by itself, and says how', () => {
    const outcome = scenario.run('image', 'import', 'https://example.org/root.tar', 'app');
    expect(outcome).toMatchObject({ status: 1, stdout: '' });
    expect(outcome.stderr).toContain('curl -fL https://example.org/root.tar | tcompose image import - app');
  });

  it('changes nothing for a change that is none', () => {
    writeFileSync(path('root.tar'), smallLayer('a'));
    expect(scenario.run('image', 'import', '-c', 'FROM x', 'root.tar', 'app').status).toBe(2);
    expect(ls('-q')).toBe('');
  });
});
