// watch and up --watch, as a developer sees them: a file is saved, and the containers have it.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually, executable, Scenario } from './scenario.ts';

let scenario: Scenario;
let watching: Watching | undefined;

afterEach(async () => {
  watching?.child.kill('SIGKILL');
  watching = undefined;
  scenario.run('down', '-v', '--remove-orphans', '-t', '0');
  expect(await scenario.leftovers()).toEqual({});
  scenario.dispose();
});

interface Watching {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  output: string;
  /** How much of the output has been waited for. */
  seen: number;
}

/** Starts a command that watches, and waits until it does. */
async function start(...args: string[]): Promise<Watching> {
  const child = scenario.start(args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  const running: Watching = { child, ended, output: '', seen: 0 };
  watching = running;
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (bytes) => {
      running.output += bytes;
    });
  }
  await tells('watch: enabled for ');
  return running;
}

/** The next line that has the text, behind all those that were waited for before. */
async function tells(text: string): Promise<void> {
  const running = watching as Watching;
  const at = await eventually(`"${text}" in ${running.output.slice(running.seen)}`, () => {
    const found = running.output.indexOf(text, running.seen);
    if (found < 0 && running.child.exitCode !== null) throw new Error(`it has ended:\n${running.output}`);
    return found < 0 ? undefined : found + 1;
  }).catch((error: Error) => {
    throw new Error(`${error.message}\n${running.output}`);
  });
  running.seen = at - 1 + text.length;
}

/** All of them, in whichever order. */
async function tellsAll(...texts: string[]): Promise<void> {
  const running = watching as Watching;
  const from = running.seen;
  const ends: number[] = [];
  for (const text of texts) {
    running.seen = from;
    await tells(text);
    ends.push(running.seen);
  }
  running.seen = Math.max(...ends);
}

/** Everything that is told by then. */
async function interrupt(): Promise<string> {
  const running = watching as Watching;
  running.child.kill('SIGINT');
  expect(await running.ended).toBe(130);
  return running.output;
}

const here = (path: string) => join(scenario.directory, path);

/** As one change: nobody can see the file empty. */
function save(path: string, text: string): void {
  const aside = join(dirname(scenario.directory), basename(path));
  writeFileSync(aside, text);
  renameSync(aside, here(path));
}

const sh = (service: string, script: string, index = 1) =>
  scenario.ok('exec', '-T', '--index', `${index}`, service, 'sh', '-c', script).stdout;
const listApp = 'cd /app && find . ! -name . | sort';
const tree = (index = 1) => sh('web', listApp, index).split('\n').filter(Boolean);

/** Several writes may be told in one line or in two: what counts is what is there in the end. */
async function comesToBe(script: string, expected: string, replicas = 1): Promise<void> {
  for (let index = 1; index <= replicas; index += 1) {
    let found = '';
    await eventually(script, () => {
      found = scenario.run('exec', '-T', '--index', `${index}`, 'web', 'sh', '-c', script).stdout;
      return found === expected || undefined;
    }).catch(() => expect(found).toBe(expected));
  }
}

const paths = (...names: string[]) => names.map((name) => `./${name}\n`).join('');

const sleeper =
  "image: host\n    init: true\n    command: sh -c 'mkdir -p /app/src; echo started; exec sleep 600'";
const web = (rules: string, more = '') =>
  `services:\n  web:\n    ${sleeper}\n${more}    develop:\n      watch:\n${rules
    .trim()
    .split('\n')
    .map((line) => `        ${line}\n`)
    .join('')}`;

const dockerfile = `FROM scratch
COPY busybox /bin/busybox
RUN ["/bin/busybox", "--install", "-s", "/bin"]
ENV PATH=/bin
COPY version /version
`;

describe('sync', () => {
  it('brings each kind of change to every replica', async () => {
    scenario = new Scenario({
      'compose.yaml': web('- {path: ./src, action: sync, target: /app}', '    scale: 2\n'),
      'src/kept': 'kept',
    });
    await start('watch');
    // Only what changes from here on.
    await comesToBe(listApp, paths('src'), 2);
    scenario.write('src/new', 'new');
    scenario.write('src/deep/er/file', 'deep');
    mkdirSync(here('src/empty'), { mode: 0o700 });
    symlinkSync('deep/er', here('src/link'));
    chmodSync(here('src/kept'), 0o751);
    const made = paths('deep', 'deep/er', 'deep/er/file', 'empty', 'kept', 'link', 'new', 'src');
    await comesToBe(listApp, made, 2);
    await comesToBe('cat /app/link/file; stat -c %a /app/kept /app/empty', 'deep751\n700\n', 2);
    appendFileSync(here('src/deep/er/file'), ' and more');
    await comesToBe('cat /app/deep/er/file', 'deep and more', 2);
    chmodSync(here('src/empty'), 0o705);
    await comesToBe('stat -c %a /app/empty', '705\n', 2);
    renameSync(here('src/deep'), here('src/moved'));
    rmSync(here('src/new'));
    rmSync(here('src/link'));
    scenario.write('src/link/inner', 'a directory by now');
    const left = paths('empty', 'kept', 'link', 'link/inner', 'moved', 'moved/er', 'moved/er/file', 'src');
    await comesToBe(listApp, left, 2);
    appendFileSync(here('src/moved/er/file'), '!');
    await comesToBe('cat /app/moved/er/file', 'deep and more!', 2);
    // Told when all of it is there.
    await tells('in project-web-1, project-web-2 (src/');
  });

  it('copies only what the rules and the ignore files leave', async () => {
    const rules = `
- {path: ., action: sync, target: /app, ignore: ["*.log", node_modules/]}
- {path: ./only, action: sync, target: /only, include: ["*.go"]}
`;
    scenario = new Scenario({
      'compose.yaml': web(rules).replace('image: host', 'build: .'),
      Dockerfile: dockerfile.replace('COPY version /version\n', ''),
      '.dockerignore': '*\n!a*\n!only\n!node_modules\n!busybox\n',
    });
    copyFileSync('/bin/busybox', here('busybox'));
    await start('watch');
    for (const name of ['abc', 'a.log', 'b', 'only/a.go', 'only/b.js', 'node_modules/x', '.git/HEAD', 'a~']) {
      scenario.write(name, 'x');
    }
    await comesToBe(listApp, paths('abc', 'only', 'only/a.go', 'only/b.js', 'src'));
    await comesToBe('cd /only && find . -type f', paths('a.go'));
    save('ab', 'x');
    await tells('(ab)');
    expect(tree()).toEqual(['./ab', './abc', './only', './only/a.go', './only/b.js', './src']);
  });

  it('begins with everything where the rule says initial_sync, also in containers that come later', async () => {
    const rules = `
- {path: ./src, action: sync, target: /app/src, initial_sync: true, ignore: [skip]}
- {path: ./other, action: sync, target: /app/other}
`;
    scenario = new Scenario({
      'compose.yaml': web(rules),
      'src/old/file': 'old',
      'src/skip': 'skip',
      'other/untouched': 'x',
    });
    await start('watch');
    expect(tree()).toEqual(['./src', './src/old', './src/old/file']);
    scenario.write('other/changed', 'changed');
    await tells('web: synced 1 file in project-web-1 (other/changed)');
    scenario.ok('up', '-d', '--scale', 'web=2', '--no-recreate');
    await tells('in project-web-2 (what was not there yet)');
    expect(tree(2)).toEqual(['./other', './other/changed', './src', './src/old', './src/old/file']);
    scenario.ok('up', '-d', '--force-recreate', '--scale', 'web=2');
    await tells('(what was not there yet)');
    await eventually(
      'both have everything',
      () => (tree(1).length === 5 && tree(2).length === 5) || undefined,
    );
  });

  it('takes hundreds of files for one change', async () => {
    scenario = new Scenario({ 'compose.yaml': web('- {path: ./src, action: sync, target: /app}') });
    await start('watch');
    for (let index = 0; index < 500; index += 1) scenario.write(`made/${index % 9}/${index}`, `${index}`);
    renameSync(here('made'), here('src'));
    await tells('web: synced 509 files in project-web-1');
    expect(sh('web', 'find /app -type f | wc -l; cat /app/4/400')).toBe('500\n400');
    renameSync(here('src'), here('gone'));
    await tells('web: removed 509 in');
    // What the image has there stays.
    expect(tree()).toEqual(['./src']);
    expect(await interrupt()).not.toContain('synced 1 file');
  });

  it('copies again what changes while it is copied', async () => {
    scenario = new Scenario({ 'compose.yaml': web('- {path: ./src, action: sync, target: /app}') });
    await start('watch');
    const script = `mkdir src; for i in $(seq 60); do head -c 1000000 /dev/urandom >> src/big; echo $i > src/count; sleep 0.05; done`;
    const writer = spawn('sh', ['-c', script], { cwd: scenario.directory, stdio: 'ignore' });
    await once(writer, 'exit');
    const sum = createHash('sha256')
      .update(readFileSync(here('src/big')))
      .digest('hex');
    await comesToBe('sha256sum < /app/big; cat /app/count', `${sum}  -\n60\n`);
  });

  it('leaves alone what is mounted, and takes nothing away with it', async () => {
    scenario = new Scenario({
      'compose.yaml': web(
        '- {path: ., action: sync, target: /app}',
        '    volumes: ["./bound:/app/bound", "data:/app/sub/data"]\n    tmpfs: [/app/sub/memory]\n',
      ).concat('volumes: {data: {}}\n'),
      'bound/file': 'bound',
      'sub/file': 'sub',
      'sub/data/file': 'synced into the volume',
    });
    await start('watch');
    scenario.write('bound/other', 'bound');
    appendFileSync(here('sub/data/file'), '!');
    appendFileSync(here('sub/file'), '!');
    await comesToBe('cat /app/sub/file /app/sub/data/file', 'sub!synced into the volume!');
    sh('web', 'cd /app/sub && echo precious | tee data/precious > memory/precious');
    rmSync(here('sub'), { recursive: true });
    await comesToBe('cd /app/sub && find . -type f | sort', paths('data/precious', 'memory/precious'));
    expect(existsSync(here('bound/other'))).toBe(true);
    expect(await interrupt()).not.toContain('bound/other');
  });

  it('removes nothing by halves where the container itself has mounted something', async () => {
    scenario = new Scenario({
      'compose.yaml': web('- {path: ./src, action: sync, target: /app}', '    privileged: true\n'),
      'src/sub/file': 'x',
      'src/other': 'x',
    });
    await start('watch');
    sh('web', 'mkdir -p /app/sub/own && mount -t tmpfs none /app/sub/own && touch /app/sub/own/a /app/sub/b');
    renameSync(here('src/sub'), here('sub'));
    await tells('web: the following failed; watching goes on');
    await tells('/app/sub/own is a mount point');
    expect(sh('web', 'cd /app/sub && find . -type f | sort')).toBe(paths('b', 'own/a'));
    appendFileSync(here('src/other'), '!');
    await comesToBe('cat /app/other', 'x!');
  });

  it('goes on with the others when one file cannot be put where it is to be', async () => {
    scenario = new Scenario({ 'compose.yaml': web('- {path: ./src, action: sync, target: /app}') });
    await start('watch');
    sh('web', 'mkdir -p /app/b/inner /real && ln -s /real /app/linked');
    for (const name of ['a', 'b', 'c', 'linked/x']) scenario.write(`src/${name}`, name);
    await tells('web: the following failed; watching goes on');
    await tells('a directory is where a file is to be');
    const script = 'cat /app/a /app/c /real/x; readlink /app/linked';
    await comesToBe(script, 'aclinked/x/real\n');
    scenario.write('src/d', 'd');
    await tells('web: synced 1 file in');
  });

  it('works without any program in the image, and in a container that has stopped', async () => {
    const text = `
services:
  bare:
    build: .
    command: [/wait, sleep, "600"]
    init: true
    develop: {watch: [{path: ./src, action: sync, target: /data}]}
`;
    scenario = new Scenario({
      'compose.yaml': text,
      Dockerfile: 'FROM scratch\nCOPY busybox /busybox\nENTRYPOINT ["/busybox"]\n',
      'src/old': 'old',
    });
    scenario.write('compose.yaml', text.replace('[/wait, sleep, "600"]', '[sleep, "600"]'));
    copyFileSync('/bin/busybox', here('busybox'));
    await start('watch');
    const has = (expected: string) =>
      eventually(expected, () => {
        const { stdout } = scenario.run('exec', '-T', 'bare', '/busybox', 'ls', '/data');
        return stdout === expected || undefined;
      });
    scenario.write('src/one', 'one');
    await has('one\n');
    rmSync(here('src/one'));
    scenario.write('src/two', 'two');
    await has('two\n');
    scenario.ok('stop', '-t', '0');
    renameSync(here('src/two'), here('src/three'));
    await tells('removed 1 in project-bare-1 (src/three, src/two)');
    scenario.ok('start');
    await has('three\n');
  });
});

describe('a container that comes and goes', () => {
  it('gets the file that mends it', async () => {
    scenario = new Scenario({
      'compose.yaml': `
services:
  app:
    image: host
    init: true
    restart: always
    command: sh -c 'test -e /app/main && exec sleep 600; exit 1'
    deploy: {restart_policy: {condition: any, delay: 500ms}}
    develop: {watch: [{path: ./src, action: sync, target: /app}]}
`,
    });
    await start('watch');
    scenario.write('src/main', '');
    await tells('app: ');
    await eventually('it runs on', () => {
      const [row] = scenario.ps();
      return (
        row?.State === 'running' && scenario.run('exec', '-T', 'app', 'test', '-e', '/app/main').status === 0
      );
    });
    expect(await interrupt()).not.toContain('failed');
  });
});

/** All containers of the service together, so many times. */
async function haveStarted(times: number): Promise<void> {
  const logs = () => scenario.ok('logs', '--no-log-prefix', 'web').stdout;
  const expected = 'started\n'.repeat(times);
  await eventually(`${times} starts`, () => logs().length >= expected.length || undefined);
  expect(logs()).toBe(expected);
}

describe('the other actions', () => {
  it('restart containers, with the files or without', async () => {
    const rules = `
- {path: ./conf, action: sync+restart, target: /conf}
- {path: ./flag, action: restart}
`;
    scenario = new Scenario({ 'compose.yaml': web(rules, '    scale: 2\n'), 'conf/there before': '' });
    await start('watch');
    const id = scenario.container('project-web-2').ID;
    save('conf/a', 'a');
    await tells('web: synced');
    await tells('web: restarted');
    expect(sh('web', 'cat /conf/a', 2)).toBe('a');
    await haveStarted(4);
    save('flag', '');
    await tells('web: restarted');
    await haveStarted(6);
    expect(scenario.container('project-web-2').ID).toBe(id);
    expect(await interrupt()).not.toContain('synced 0');
  });

  it('run commands, and go on when one fails', async () => {
    const rules = `
- path: ./conf
  action: sync+exec
  target: /conf
  exec:
    command: sh -c 'pwd; id -u; echo "$$MODE"; cat /conf/code; printf unfinished; exit $$(cat /conf/code)'
    user: "1000"
    working_dir: /usr
    environment: {MODE: special}
`;
    scenario = new Scenario({ 'compose.yaml': web(rules, '    scale: 2\n'), 'conf/there before': '' });
    await start('watch');
    save('conf/code', '3\n');
    await tells('web: synced');
    await tellsAll('project-web-1: sh -c ', 'exited with code 3', 'web-1  | 3\n', 'web-2  | 3\n');
    save('conf/code', '0\n');
    await tellsAll('project-web-', ': ran sh -c', 'web-1  | unfinished\n', 'web-2  | unfinished\n');
    const output = await interrupt();
    for (const line of ['/usr', '1000', 'special', '0', 'unfinished'])
      expect(output).toContain(`web-1  | ${line}\n`);
  });
});

const built = `
services:
  web:
    build: .
    init: true
    command: sh -c 'cat /version; exec sleep 600'
    scale: 2
    develop:
      watch:
        - {path: ./version, action: rebuild}
        - {path: ./Dockerfile, action: rebuild}
        - {path: ./src, action: sync, target: /app}
  follower:
    image: host
    command: sleep 600
    init: true
    depends_on: {web: {condition: service_started, restart: true}}
  bystander: {image: host, command: sleep 600, init: true}
`;

function makeBuilt(): void {
  scenario = new Scenario({ 'compose.yaml': built, Dockerfile: dockerfile, version: 'v1\n' });
  copyFileSync('/bin/busybox', here('busybox'));
}

const images = () => {
  const text = scenario.ok('image', 'ls', '--format', 'json').stdout;
  return text.split('\n').filter(Boolean).length;
};
const idOf = (service: string) => scenario.ps().find((row) => row.Service === service)?.ID;

describe('rebuild', () => {
  it('builds the image, recreates the service with its dependents, and removes the old image', async () => {
    makeBuilt();
    await start('watch');
    const before = { follower: idOf('follower'), bystander: idOf('bystander'), web: idOf('web') };
    expect(images()).toBe(1);
    save('version', 'v2\n');
    await tells('web: rebuilding, since version changed');
    await tells('web: rebuilt, and runs the new image');
    expect([1, 2].map((index) => sh('web', 'cat /version', index))).toEqual(['v2\n', 'v2\n']);
    expect(idOf('web')).not.toBe(before.web);
    expect(idOf('bystander')).toBe(before.bystander);
    expect(scenario.ps().map(({ State }) => State)).toEqual(Array(4).fill('running'));
    expect(images()).toBe(1);
  });

  it('tells a build that fails with its output, and goes on', async () => {
    makeBuilt();
    await start('watch', '--prune=false', 'web');
    const before = idOf('web');
    appendFileSync(here('Dockerfile'), 'RUN echo what went wrong && exit 7\n');
    await tells('what went wrong');
    await tells('web: the following failed; watching goes on');
    await tells('the command ended with exit code 7');
    expect(idOf('web')).toBe(before);
    scenario.write('src/a', 'a');
    await tells('web: synced');
    scenario.write('Dockerfile', `${dockerfile}# as before\n`);
    await tells('web: the image is the same as before');
    expect(idOf('web')).toBe(before);
    scenario.write('compose.yaml', 'services: [in the middle of an edit');
    await tells('compose.yaml changed');
    save('version', 'v3\n');
    await tells('web: rebuilt, and runs the new image');
    scenario.write('compose.yaml', built);
    // What was synced is in the new containers, too.
    await tells('in project-web-1, project-web-2 (');
    expect(sh('web', 'cat /version /app/a', 2)).toBe('v3\na');
    expect(images()).toBe(2);
  });

  it('builds what has rules before it watches, and with --no-up touches nothing', async () => {
    makeBuilt();
    scenario.ok('up', '-d', 'web');
    save('version', 'v2\n');
    await start('watch', '--no-up', 'web');
    expect(sh('web', 'cat /version')).toBe('v1\n');
    await interrupt();
    const quiet = await start('watch', '--quiet', 'web');
    expect(sh('web', 'cat /version')).toBe('v2\n');
    expect(quiet.output).not.toContain('COPY');
    appendFileSync(here('Dockerfile'), 'RUN echo what went wrong && exit 7\n');
    await tells('the command ended with exit code 7');
    await tells('> what went wrong');
  });
});

describe('up --watch', () => {
  it('shows what containers print over restarts and rebuilds, and stops them on Ctrl-C', async () => {
    makeBuilt();
    scenario.write('compose.yaml', built.replace('action: sync, target', 'action: sync+restart, target'));
    await start('up', '--watch', 'web');
    scenario.write('src/a', 'a');
    await tells('web: synced');
    await tellsAll('web: restarted', 'web-1  | v1\n', 'web-2  | v1\n');
    save('version', 'v2\n');
    await tellsAll('web: rebuilt', 'web-1  | v2\n', 'web-2  | v2\n');
    sh('web', 'echo still followed > /proc/1/fd/1', 2);
    await tells('web-2  | still followed\n');
    const output = await interrupt();
    expect(output).toContain('Gracefully stopping');
    expect(scenario.ps().map(({ State }) => State)).toEqual(['exited', 'exited']);
  });

  it('goes on when a service ends, so that the next change can mend it', async () => {
    scenario = new Scenario({
      'compose.yaml': `
services:
  app:
    image: host
    init: true
    command: sh /app/main
    develop: {watch: [{path: ./src, action: sync+restart, target: /app, initial_sync: true}]}
`,
    });
    const running = await start('up', '-w');
    // It may have ended before the watching began.
    running.seen = 0;
    await tells('app-1 exited with code');
    scenario.write('src/main', 'echo mended; exec sleep 600');
    await tells('app-1  | mended');
    await interrupt();
    expect(scenario.ps()).toMatchObject([{ State: 'exited' }]);
  });

  it('does not take a restart for an end, with --abort-on-container-exit', async () => {
    scenario = new Scenario({ 'compose.yaml': web('- {path: ./flag, action: restart}') });
    await start('up', '-w', '--abort-on-container-exit');
    save('flag', '');
    await tells('Restarting');
    await tellsAll('web: restarted', 'web-1  | started');
    const running = watching as Watching;
    sh('web', 'until pgrep -x sleep; do :; done; kill -9 $(pgrep -x sleep)');
    expect(await running.ended).toBe(137);
    expect(running.output).toContain('Aborting on container exit');
  });
});

describe('what cannot be watched', () => {
  it('is said before anything is started', () => {
    scenario = new Scenario({ 'compose.yaml': `services:\n  web:\n    ${sleeper}\n` });
    for (const args of [['watch'], ['up', '--watch'], ['alpha', 'watch']]) {
      const { status, stderr } = scenario.run(...args);
      expect([status, stderr]).toEqual([
        1,
        expect.stringContaining('nothing to watch: none of web has rules'),
      ]);
    }
    expect(scenario.run('watch', 'wbe').stderr).toContain('did you mean `web`?');
    for (const flag of ['-d', '--no-build', '--wait']) {
      expect(scenario.run('up', '--watch', flag).status).toBe(2);
    }
    expect(scenario.list('containers')).toEqual([]);
  });

  it('is said with what to do when the host allows no more watches', () => {
    scenario = new Scenario({ 'compose.yaml': web('- {path: ./src, action: sync, target: /app}') });
    for (let index = 0; index < 20; index += 1) scenario.write(`src/${index}/file`, 'x');
    // A user namespace has limits of its own.
    const line = 'echo 10 > /proc/sys/user/max_inotify_watches && exec "$@"';
    const words = [
      '-Ur',
      'sh',
      '-c',
      line,
      'sh',
      process.execPath,
      executable,
      'watch',
      '--dry-run',
      '--no-up',
    ];
    const { status, stderr } = spawnSync('unshare', words, {
      cwd: scenario.directory,
      env: scenario.environment,
      encoding: 'utf8',
    });
    expect(status).toBe(1);
    expect(stderr).toContain("cannot be watched: the host's limit of watched directories is used up");
    expect(stderr).toContain('sysctl fs.inotify.max_user_watches=');
  });

  it('is told of the project while it goes on', async () => {
    scenario = new Scenario({ 'compose.yaml': web('- {path: ./src, action: sync, target: /app}') });
    await start('watch');
    appendFileSync(here('compose.yaml'), '# edited\n');
    await tells('compose.yaml changed: what it says counts when the command is given again');
    scenario.write('src/a', 'a');
    await tells('web: synced');
  });

  it('prints with --dry-run what it would start, and watches nothing', () => {
    scenario = new Scenario({ 'compose.yaml': web('- {path: ./src, action: sync, target: /app}') });
    const { stdout } = scenario.ok('watch', '--dry-run');
    expect(stdout).toContain('web');
    expect(scenario.ok('watch', '--dry-run', '--no-up').stdout).toBe('');
    expect(scenario.list('containers')).toEqual([]);
  });
});
