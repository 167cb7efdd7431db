// watch: what is changed here is so in the containers.

import { spawn } from 'node:child_process';
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
} from 'node:fs';
import { describe, expect, it } from 'vitest';
import { eventually } from './scenario.ts';
import { dockerfile, listApp, paths, useWatching, web } from './watching.ts';

const open = useWatching();

describe('sync', () => {
  it('brings each kind of change to every replica', async () => {
    const watch = open({
      'compose.yaml': web('- {path: ./src, action: sync, target: /app}', '    scale: 2\n'),
      'src/kept': 'kept',
    });
    await watch.start('watch');
    // Only what changes from here on.
    await watch.comesToBe(listApp, paths('src'), 2);
    watch.scenario.write('src/new', 'new');
    watch.scenario.write('src/deep/er/file', 'deep');
    mkdirSync(watch.here('src/empty'), { mode: 0o700 });
    symlinkSync('deep/er', watch.here('src/link'));
    chmodSync(watch.here('src/kept'), 0o751);
    const made = paths('deep', 'deep/er', 'deep/er/file', 'empty', 'kept', 'link', 'new', 'src');
    await watch.comesToBe(listApp, made, 2);
    await watch.comesToBe('cat /app/link/file; stat -c %a /app/kept /app/empty', 'deep751\n700\n', 2);
    appendFileSync(watch.here('src/deep/er/file'), ' and more');
    await watch.comesToBe('cat /app/deep/er/file', 'deep and more', 2);
    chmodSync(watch.here('src/empty'), 0o705);
    await watch.comesToBe('stat -c %a /app/empty', '705\n', 2);
    renameSync(watch.here('src/deep'), watch.here('src/moved'));
    rmSync(watch.here('src/new'));
    rmSync(watch.here('src/link'));
    watch.scenario.write('src/link/inner', 'a directory by now');
    const left = paths('empty', 'kept', 'link', 'link/inner', 'moved', 'moved/er', 'moved/er/file', 'src');
    await watch.comesToBe(listApp, left, 2);
    appendFileSync(watch.here('src/moved/er/file'), '!');
    await watch.comesToBe('cat /app/moved/er/file', 'deep and more!', 2);
    // Told when all of it is there.
    await watch.tells('in project-web-1, project-web-2 (src/');
  });

  it('copies only what the rules and the ignore files leave', async () => {
    const rules = `
- {path: ., action: sync, target: /app, ignore: ["*.log", node_modules/]}
- {path: ./only, action: sync, target: /only, include: ["*.go"]}
`;
    const watch = open({
      'compose.yaml': web(rules).replace('image: host', 'build: .'),
      Dockerfile: dockerfile.replace('COPY version /version\n', ''),
      '.dockerignore': '*\n!a*\n!only\n!node_modules\n!busybox\n',
    });
    copyFileSync('/bin/busybox', watch.here('busybox'));
    await watch.start('watch');
    for (const name of ['abc', 'a.log', 'b', 'only/a.go', 'only/b.js', 'node_modules/x', '.git/HEAD', 'a~']) {
      watch.scenario.write(name, 'x');
    }
    await watch.comesToBe(listApp, paths('abc', 'only', 'only/a.go', 'only/b.js', 'src'));
    await watch.comesToBe('cd /only && find . -type f', paths('a.go'));
    watch.save('ab', 'x');
    await watch.tells('(ab)');
    expect(watch.tree()).toEqual(['./ab', './abc', './only', './only/a.go', './only/b.js', './src']);
  });

  it('begins with everything where the rule says initial_sync, also in containers that come later', async () => {
    const rules = `
- {path: ./src, action: sync, target: /app/src, initial_sync: true, ignore: [skip]}
- {path: ./other, action: sync, target: /app/other}
`;
    const watch = open({
      'compose.yaml': web(rules),
      'src/old/file': 'old',
      'src/skip': 'skip',
      'other/untouched': 'x',
    });
    await watch.start('watch');
    expect(watch.tree()).toEqual(['./src', './src/old', './src/old/file']);
    watch.scenario.write('other/changed', 'changed');
    await watch.tells('web: synced 1 file in project-web-1 (other/changed)');
    watch.scenario.ok('up', '-d', '--scale', 'web=2', '--no-recreate');
    await watch.tells('in project-web-2 (what was not there yet)');
    expect(watch.tree(2)).toEqual(['./other', './other/changed', './src', './src/old', './src/old/file']);
    watch.scenario.ok('up', '-d', '--force-recreate', '--scale', 'web=2');
    await watch.tells('(what was not there yet)');
    await eventually(
      'both have everything',
      () => (watch.tree(1).length === 5 && watch.tree(2).length === 5) || undefined,
    );
  });

  it('takes hundreds of files for one change', async () => {
    const watch = open({ 'compose.yaml': web('- {path: ./src, action: sync, target: /app}') });
    await watch.start('watch');
    for (let index = 0; index < 500; index += 1)
      watch.scenario.write(`made/${index % 9}/${index}`, `${index}`);
    renameSync(watch.here('made'), watch.here('src'));
    await watch.tells('web: synced 509 files in project-web-1');
    expect(watch.sh('web', 'find /app -type f | wc -l; cat /app/4/400')).toBe('500\n400');
    renameSync(watch.here('src'), watch.here('gone'));
    await watch.tells('web: removed 509 in');
    // What the image has there stays.
    expect(watch.tree()).toEqual(['./src']);
    expect(await watch.interrupt()).not.toContain('synced 1 file');
  });

  it('copies again what changes while it is copied', async () => {
    const watch = open({ 'compose.yaml': web('- {path: ./src, action: sync, target: /app}') });
    await watch.start('watch');
    const script = `mkdir src; for i in $(seq 60); do head -c 1000000 /dev/urandom >> src/big; echo $i > src/count; sleep 0.05; done`;
    const writer = spawn('sh', ['-c', script], { cwd: watch.scenario.directory, stdio: 'ignore' });
    await once(writer, 'exit');
    const sum = createHash('sha256')
      .update(readFileSync(watch.here('src/big')))
      .digest('hex');
    await watch.comesToBe('sha256sum < /app/big; cat /app/count', `${sum}  -\n60\n`);
  });

  it('leaves alone what is mounted, and takes nothing away with it', async () => {
    const watch = open({
      'compose.yaml': web(
        '- {path: ., action: sync, target: /app}',
        '    volumes: ["./bound:/app/bound", "data:/app/sub/data"]\n    tmpfs: [/app/sub/memory]\n',
      ).concat('volumes: {data: {}}\n'),
      'bound/file': 'bound',
      'sub/file': 'sub',
      'sub/data/file': 'synced into the volume',
    });
    await watch.start('watch');
    watch.scenario.write('bound/other', 'bound');
    appendFileSync(watch.here('sub/data/file'), '!');
    appendFileSync(watch.here('sub/file'), '!');
    await watch.comesToBe('cat /app/sub/file /app/sub/data/file', 'sub!synced into the volume!');
    watch.sh('web', 'cd /app/sub && echo precious | tee data/precious > memory/precious');
    rmSync(watch.here('sub'), { recursive: true });
    await watch.comesToBe('cd /app/sub && find . -type f | sort', paths('data/precious', 'memory/precious'));
    expect(existsSync(watch.here('bound/other'))).toBe(true);
    expect(await watch.interrupt()).not.toContain('bound/other');
  });

  it('removes nothing by halves where the container itself has mounted something', async () => {
    const watch = open({
      'compose.yaml': web('- {path: ./src, action: sync, target: /app}', '    privileged: true\n'),
      'src/sub/file': 'x',
      'src/other': 'x',
    });
    await watch.start('watch');
    watch.sh(
      'web',
      'mkdir -p /app/sub/own && mount -t tmpfs none /app/sub/own && touch /app/sub/own/a /app/sub/b',
    );
    renameSync(watch.here('src/sub'), watch.here('sub'));
    await watch.tells('web: the following failed; watching goes on');
    await watch.tells('/app/sub/own is a mount point');
    expect(watch.sh('web', 'cd /app/sub && find . -type f | sort')).toBe(paths('b', 'own/a'));
    appendFileSync(watch.here('src/other'), '!');
    await watch.comesToBe('cat /app/other', 'x!');
  });

  it('goes on with the others when one file cannot be put where it is to be', async () => {
    const watch = open({ 'compose.yaml': web('- {path: ./src, action: sync, target: /app}') });
    await watch.start('watch');
    watch.sh('web', 'mkdir -p /app/b/inner /real && ln -s /real /app/linked');
    for (const name of ['a', 'b', 'c', 'linked/x']) watch.scenario.write(`src/${name}`, name);
    await watch.tells('web: the following failed; watching goes on');
    await watch.tells('a directory is where a file is to be');
    const script = 'cat /app/a /app/c /real/x; readlink /app/linked';
    await watch.comesToBe(script, 'aclinked/x/real\n');
    watch.scenario.write('src/d', 'd');
    await watch.tells('web: synced 1 file in');
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
    const watch = open({
      'compose.yaml': text,
      Dockerfile: 'FROM scratch\nCOPY busybox /busybox\nENTRYPOINT ["/busybox"]\n',
      'src/old': 'old',
    });
    watch.scenario.write('compose.yaml', text.replace('[/wait, sleep, "600"]', '[sleep, "600"]'));
    copyFileSync('/bin/busybox', watch.here('busybox'));
    await watch.start('watch');
    const has = (expected: string) =>
      eventually(expected, () => {
        const { stdout } = watch.scenario.run('exec', '-T', 'bare', '/busybox', 'ls', '/data');
        return stdout === expected || undefined;
      });
    watch.scenario.write('src/one', 'one');
    await has('one\n');
    rmSync(watch.here('src/one'));
    watch.scenario.write('src/two', 'two');
    await has('two\n');
    watch.scenario.ok('stop', '-t', '0');
    renameSync(watch.here('src/two'), watch.here('src/three'));
    await watch.tells('removed 1 in project-bare-1 (src/three, src/two)');
    watch.scenario.ok('start');
    await has('three\n');
  });
});

describe('a container that comes and goes', () => {
  it('gets the file that mends it', async () => {
    const watch = open({
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
    await watch.start('watch');
    watch.scenario.write('src/main', '');
    await watch.tells('app: ');
    await eventually('it runs on', () => {
      const [row] = watch.scenario.ps();
      return (
        row?.State === 'running' &&
        watch.scenario.run('exec', '-T', 'app', 'test', '-e', '/app/main').status === 0
      );
    });
    expect(await watch.interrupt()).not.toContain('failed');
  });
});
