// The same cases given to Docker: what its BuildKit makes of them, and what we make of them, file for file and member for
// member of the config. Debian has Docker 20.10, whose BuildKit does not know all of today's language: those cases are
// listed with the reason.

import { createWriteStream, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseCase } from './case.ts';
import { buildWithDocker, mountPoints } from './docker-build.ts';
import { DockerBuilder, hasDocker } from './docker-builder.ts';
import { Laboratory } from './laboratory.ts';

const cases = join(dirname(fileURLToPath(import.meta.url)), 'cases');

/** Why a case cannot be compared. */
const excluded: Readonly<Record<string, readonly string[]>> = {
  'here-documents are newer': [
    'add-heredoc',
    'copy-heredoc',
    'copy-heredoc-as-file',
    'onbuild-heredoc',
    'run-heredoc',
    'run-heredoc-shebang',
    'run-heredoc-two',
  ],
  'the flag is newer': [
    'add-unpack-false',
    'copy-exclude',
    'copy-exclude-files',
    'copy-link-flag',
    'copy-parents',
    'healthcheck',
    'mount-secret-env',
    'mount-tmpfs',
    'run-network-none',
  ],
  'it accepts --chmod and does nothing': ['copy-chmod', 'copy-chmod-variable'],
  'the modifiers of variables are newer': ['arg-modifiers'],
  'variables in mounts are newer': ['mount-variables'],
  '--from in ONBUILD is newer': ['onbuild'],
  'its BuildKit ignores --shm-size and --ulimit': ['run-shm-size', 'run-ulimit'],
  'it leaves /dev, /etc, /proc and /sys in the layer; BuildKit of today does not': [
    'run-keeps-what-it-wrote-at-mount-points',
    'run-leaves-no-mount-points',
  ],
  'the argument TARGETSTAGE is newer': ['arg-target-stage'],
  'its client has no flag for named contexts': [
    'copy-from-named-directory',
    'named-context-replaces-image',
    'named-context-replaces-stage',
  ],
  'its client gives no entitlements': ['run-security-insecure'],
  'the directive would be fetched from a registry': ['syntax-directive'],
  'the directive is newer, and the case is about an error': ['check-error'],
  'it leaves the content of archives to the owners in them; BuildKit 0.23 applies --chown': [
    'add-archive-named-otherwise',
  ],
  'its client does not send named pipes; BuildKit of today does': ['copy-fifo'],
  'SOURCE_DATE_EPOCH is newer, and sets times only': ['source-date-epoch'],
  // Ours by decision: docs/build.md.
  'it gives to root what is to be given to somebody unknown': ['copy-chown-unknown'],
  'it lets the last of several files have the name': ['copy-several-without-slash'],
  'it looks for a file with the backslash in its name': ['copy-escaped-wildcard'],
  'it ignores an invalid --chmod': ['copy-chmod-invalid'],
};

const reasons = new Map(Object.entries(excluded).flatMap(([why, names]) => names.map((name) => [name, why])));

if (!hasDocker)
  console.log('skipped: docker.io is not installed, and there is nothing to compare images with');

describe.skipIf(!hasDocker)('as Docker builds them', () => {
  const laboratory = new Laboratory();
  let docker: DockerBuilder;

  beforeAll(async () => {
    await laboratory.makeBase();
    const directory = laboratory.makeDirectory('docker');
    docker = await DockerBuilder.start(directory);
    const archive = join(directory, 'base.tar');
    await pipeline(laboratory.engine.images.save(['base'], 'docker-archive'), createWriteStream(archive));
    await docker.run('load', '--input', archive);
  });

  afterAll(async () => {
    await docker?.stop();
    laboratory.close();
  });

  for (const file of readdirSync(cases).sort()) {
    const name = basename(file, '.golden');
    const [input = '', expected = ''] = readFileSync(join(cases, file), 'utf8').split(/^-{10}\n/m);
    const isError = /^(?:\S+: )?error: /m.test(expected);
    const reason = reasons.get(name);
    if (isError && reason === undefined) continue;
    const title = name.replaceAll('-', ' ');
    if (reason !== undefined) {
      it.skip(`${title} (${reason})`, () => undefined);
      continue;
    }
    it.concurrent(title, { timeout: 240_000 }, () => {
      const found = parseCase(input);
      return laboratory.withContext(found, async (context) => {
        const tag = basename(context);
        const ours = await laboratory.build(context, found, tag);
        const theirs = await buildWithDocker(docker, context, found);
        const files = laboratory.listChanges(theirs.files);
        const points = mountPoints(found.dockerfile);
        expect(ours).toEqual({ files: files.filter((line) => !points.has(line)), config: theirs.config });
      });
    });
  }
});
