// watch: restarts, commands and rebuilds, and what cannot be watched.

import { spawnSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { eventually, executable } from './scenario.ts';
import { sleeper, useWatching, type Watching, web } from './watching.ts';

const open = useWatching();

/** All containers of the service together, so many times. */
async function haveStarted({ scenario }: Watching, times: number): Promise<void> {
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
    const watch = open({ 'compose.yaml': web(rules, '    scale: 2\n'), 'conf/there before': '' });
    await watch.start('watch');
    const id = watch.scenario.container('project-web-2').ID;
    watch.save('conf/a', 'a');
    await watch.tells('web: synced');
    await watch.tells('web: restarted');
    expect(watch.sh('web', 'cat /conf/a', 2)).toBe('a');
    await haveStarted(watch, 4);
    watch.save('flag', '');
    await watch.tells('web: restarted');
    await haveStarted(watch, 6);
    expect(watch.scenario.container('project-web-2').ID).toBe(id);
    expect(await watch.interrupt()).not.toContain('synced 0');
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
    const watch = open({ 'compose.yaml': web(rules, '    scale: 2\n'), 'conf/there before': '' });
    await watch.start('watch');
    watch.save('conf/code', '3\n');
    await watch.tells('web: synced');
    await watch.tellsAll('project-web-1: sh -c ', 'exited with code 3', 'web-1  | 3\n', 'web-2  | 3\n');
    watch.save('conf/code', '0\n');
    await watch.tellsAll('project-web-', ': ran sh -c', 'web-1  | unfinished\n', 'web-2  | unfinished\n');
    const output = await watch.interrupt();
    for (const line of ['/usr', '1000', 'special', '0', 'unfinished'])
      expect(output).toContain(`web-1  | ${line}\n`);
  });
});

describe('what cannot be watched', () => {
  it('is said before anything is started', () => {
    const watch = open({ 'compose.yaml': `services:\n  web:\n    ${sleeper}\n` });
    for (const args of [['watch'], ['up', '--watch'], ['alpha', 'watch']]) {
      const { status, stderr } = watch.scenario.run(...args);
      expect([status, stderr]).toEqual([
        1,
        expect.stringContaining('nothing to watch: none of web has rules'),
      ]);
    }
    expect(watch.scenario.run('watch', 'wbe').stderr).toContain('did you mean `web`?');
    for (const flag of ['-d', '--no-build', '--wait']) {
      expect(watch.scenario.run('up', '--watch', flag).status).toBe(2);
    }
    expect(watch.scenario.list('containers')).toEqual([]);
  });

  it('is said with what to do when the host allows no more watches', () => {
    const watch = open({ 'compose.yaml': web('- {path: ./src, action: sync, target: /app}') });
    for (let index = 0; index < 20; index += 1) watch.scenario.write(`src/${index}/file`, 'x');
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
      cwd: watch.scenario.directory,
      env: watch.scenario.environment,
      encoding: 'utf8',
    });
    expect(status).toBe(1);
    expect(stderr).toContain("cannot be watched: the host's limit of watched directories is used up");
    expect(stderr).toContain('sysctl fs.inotify.max_user_watches=');
  });

  it('is told of the project while it goes on', async () => {
    const watch = open({ 'compose.yaml': web('- {path: ./src, action: sync, target: /app}') });
    await watch.start('watch');
    appendFileSync(watch.here('compose.yaml'), '# edited\n');
    await watch.tells('compose.yaml changed: what it says counts when the command is given again');
    watch.scenario.write('src/a', 'a');
    await watch.tells('web: synced');
  });

  it('prints with --dry-run what it would start, and watches nothing', () => {
    const watch = open({ 'compose.yaml': web('- {path: ./src, action: sync, target: /app}') });
    const { stdout } = watch.scenario.ok('watch', '--dry-run');
    expect(stdout).toContain('web');
    expect(watch.scenario.ok('watch', '--dry-run', '--no-up').stdout).toBe('');
    expect(watch.scenario.list('containers')).toEqual([]);
  });
});
