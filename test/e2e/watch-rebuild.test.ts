// watch and up --watch of services that are built.

import { appendFileSync, copyFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { dockerfile, useWatching, type Watching, web } from './watching.ts';

const open = useWatching();

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

function openBuilt(): Watching {
  const watch = open({ 'compose.yaml': built, Dockerfile: dockerfile, version: 'v1\n' });
  copyFileSync('/bin/busybox', watch.here('busybox'));
  return watch;
}

const images = ({ scenario }: Watching) => {
  const text = scenario.ok('image', 'ls', '--format', 'json').stdout;
  return text.split('\n').filter(Boolean).length;
};
const idOf = ({ scenario }: Watching, service: string) =>
  scenario.ps().find((row) => row.Service === service)?.ID;

describe('rebuild', () => {
  it('builds the image, recreates the service with its dependents, and removes the old image', async () => {
    const watch = openBuilt();
    await watch.start('watch');
    const before = {
      follower: idOf(watch, 'follower'),
      bystander: idOf(watch, 'bystander'),
      web: idOf(watch, 'web'),
    };
    expect(images(watch)).toBe(1);
    watch.save('version', 'v2\n');
    await watch.tells('web: rebuilding, since version changed');
    await watch.tells('web: rebuilt, and runs the new image');
    expect([1, 2].map((index) => watch.sh('web', 'cat /version', index))).toEqual(['v2\n', 'v2\n']);
    expect(idOf(watch, 'web')).not.toBe(before.web);
    expect(idOf(watch, 'bystander')).toBe(before.bystander);
    expect(watch.scenario.ps().map(({ State }) => State)).toEqual(Array(4).fill('running'));
    expect(images(watch)).toBe(1);
  });

  it('tells a build that fails with its output, and goes on', async () => {
    const watch = openBuilt();
    await watch.start('watch', '--prune=false', 'web');
    const before = idOf(watch, 'web');
    appendFileSync(watch.here('Dockerfile'), 'RUN echo what went wrong && exit 7\n');
    await watch.tells('what went wrong');
    await watch.tells('web: the following failed; watching goes on');
    await watch.tells('the command ended with exit code 7');
    expect(idOf(watch, 'web')).toBe(before);
    watch.scenario.write('src/a', 'a');
    await watch.tells('web: synced');
    watch.scenario.write('Dockerfile', `${dockerfile}# as before\n`);
    await watch.tells('web: the image is the same as before');
    expect(idOf(watch, 'web')).toBe(before);
    watch.scenario.write('compose.yaml', 'services: [in the middle of an edit');
    await watch.tells('compose.yaml changed');
    watch.save('version', 'v3\n');
    await watch.tells('web: rebuilt, and runs the new image');
    watch.scenario.write('compose.yaml', built);
    // What was synced is in the new containers, too.
    await watch.tells('in project-web-1, project-web-2 (');
    expect(watch.sh('web', 'cat /version /app/a', 2)).toBe('v3\na');
    expect(images(watch)).toBe(2);
  });

  it('builds what has rules before it watches, and with --no-up touches nothing', async () => {
    const watch = openBuilt();
    watch.scenario.ok('up', '-d', 'web');
    watch.save('version', 'v2\n');
    await watch.start('watch', '--no-up', 'web');
    expect(watch.sh('web', 'cat /version')).toBe('v1\n');
    await watch.interrupt();
    await watch.start('watch', '--quiet', 'web');
    expect(watch.sh('web', 'cat /version')).toBe('v2\n');
    expect(watch.output).not.toContain('COPY');
    appendFileSync(watch.here('Dockerfile'), 'RUN echo what went wrong && exit 7\n');
    await watch.tells('the command ended with exit code 7');
    await watch.tells('> what went wrong');
  });
});

describe('up --watch', () => {
  it('shows what containers print over restarts and rebuilds, and stops them on Ctrl-C', async () => {
    const watch = openBuilt();
    watch.scenario.write(
      'compose.yaml',
      built.replace('action: sync, target', 'action: sync+restart, target'),
    );
    await watch.start('up', '--watch', 'web');
    watch.scenario.write('src/a', 'a');
    await watch.tells('web: synced');
    await watch.tellsAll('web: restarted', 'web-1  | v1\n', 'web-2  | v1\n');
    watch.save('version', 'v2\n');
    await watch.tellsAll('web: rebuilt', 'web-1  | v2\n', 'web-2  | v2\n');
    watch.sh('web', 'echo still followed > /proc/1/fd/1', 2);
    await watch.tells('web-2  | still followed\n');
    const output = await watch.interrupt();
    expect(output).toContain('Gracefully stopping');
    expect(watch.scenario.ps().map(({ State }) => State)).toEqual(['exited', 'exited']);
  });

  it('goes on when a service ends, so that the next change can mend it', async () => {
    const watch = open({
      'compose.yaml': `
services:
  app:
    image: host
    init: true
    command: sh /app/main
    develop: {watch: [{path: ./src, action: sync+restart, target: /app, initial_sync: true}]}
`,
    });
    await watch.start('up', '-w');
    // It may have ended before the watching began.
    watch.seen = 0;
    await watch.tells('app-1 exited with code');
    watch.scenario.write('src/main', 'echo mended; exec sleep 600');
    await watch.tells('app-1  | mended');
    await watch.interrupt();
    expect(watch.scenario.ps()).toMatchObject([{ State: 'exited' }]);
  });

  it('does not take a restart for an end, with --abort-on-container-exit', async () => {
    const watch = open({ 'compose.yaml': web('- {path: ./flag, action: restart}') });
    await watch.start('up', '-w', '--abort-on-container-exit');
    watch.save('flag', '');
    await watch.tells('Restarting');
    await watch.tellsAll('web: restarted', 'web-1  | started');
    watch.sh('web', 'until pgrep -x sleep; do :; done; kill -9 $(pgrep -x sleep)');
    expect(await watch.ends()).toBe(137);
    expect(watch.output).toContain('Aborting on container exit');
  });
});
