// What a build costs of which nothing, or only the last COPY, has changed; beside Docker's BuildKit.

import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasDocker, withDocker } from './docker.mjs';
import { base, median, project, ratio, row, spawn, spawnAside, tcompose, time } from './measure.mjs';

const busybox = '/bin/busybox';
const context = join(base, 'build');

/** Ten steps. */
const dockerfile = `FROM scratch
COPY busybox /bin/busybox
RUN ["/bin/busybox", "--install", "-s", "/bin"]
ENV PATH=/bin
WORKDIR /app
${[1, 2, 3].map((n) => `COPY f${n} ./\nRUN cat f${n} > made${n}\n`).join('')}COPY last ./
`;

let changes = 0;
function changeLast() {
  changes += 1;
  writeFileSync(join(context, 'last'), `change ${changes}`);
}

function prepareContext() {
  mkdirSync(context, { recursive: true });
  copyFileSync(busybox, join(context, 'busybox'));
  for (const n of [1, 2, 3]) writeFileSync(join(context, `f${n}`), `file ${n}`);
  writeFileSync(join(context, 'Dockerfile'), dockerfile);
  changeLast();
  project('name: bench\nservices:\n  web:\n    build: build\n');
}

/** How many steps ran, as the build itself tells. */
function countRun() {
  const args = ['--progress', 'json', 'build'];
  const { stderr } = tcompose(...args);
  return stderr.split('\n').filter((line) => line.includes('"phase":"done"')).length;
}

export async function benchBuild() {
  if (!existsSync(busybox)) return console.log('not measured, needs busybox-static: build');
  prepareContext();
  tcompose('build');
  ratio(
    'build, ten steps, nothing changed',
    time(() => tcompose('build')),
    '3',
  );
  ratio(
    'build, ten steps, the last COPY changed',
    time(() => tcompose('build'), { reset: changeLast }),
  );
  changeLast();
  row('  steps that ran', countRun(), '', '', '1');
  if (hasDocker) await benchDocker();
  else console.log('not compared, needs docker.io: build');
}

async function benchDocker() {
  const env = { PATH: process.env.PATH, HOME: base, DOCKER_BUILDKIT: '1' };
  const command = ['build', '--quiet', '--network', 'none', '--tag', 'bench', context];
  await withDocker(join(base, 'docker-build'), async (host) => {
    const build = () => spawnAside('/usr/bin/docker', ['--host', host, ...command], env);
    const measure = async (what, prepare) => {
      const [taken, floors] = [[], []];
      for (let n = 0; n < 5; n += 1) {
        prepare();
        floors.push(spawn(process.execPath, ['-e', '0']).ms);
        taken.push((await build()).ms);
      }
      ratio(what, { ms: median(taken), node: median(floors) });
    };
    await build();
    await measure('  docker build, nothing changed', () => {});
    await measure('  docker build, the last COPY changed', changeLast);
  });
}
