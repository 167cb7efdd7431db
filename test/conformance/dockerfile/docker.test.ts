// The same cases given to Docker: what its BuildKit makes of them, and what we make of them: file for file, and member for
// member of the config; what it refuses; what its checks find. Docker 20.10, which Debian has, does not know all of
// today's language and has no checks. Its cases are fewer. TCOMPOSE_TEST_DOCKER_ROOT names a root file system that has a
// newer one.

import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type Case, parseCase } from './case.ts';
import { compareImages } from './compare-images.ts';
import { buildWithDocker, mountPoints, selectMembers } from './docker-build.ts';
import { dockerVersion, hasDocker, hasXz, isOfToday } from './docker-builder.ts';
import { listDifferences } from './docker-differences.ts';
import { useDocker } from './docker-laboratory.ts';

const cases = join(dirname(fileURLToPath(import.meta.url)), 'cases');
const reasons = listDifferences({ version: dockerVersion, hasXz });

const absent = hasDocker ? '' : ' (needs the Debian package docker.io)';

describe.skipIf(!hasDocker)(`as Docker ${dockerVersion} builds them${absent}`, () => {
  const { laboratory, docker } = useDocker();

  for (const file of readdirSync(cases).sort()) {
    const name = basename(file, '.golden');
    const [input = '', expected = ''] = readFileSync(join(cases, file), 'utf8').split(/^-{10}\n/m);
    const found = parseCase(input);
    const title = name.replaceAll('-', ' ');
    const reason = reasons.get(name);
    if (reason !== undefined) {
      it.skip(`${title} (${reason})`, () => undefined);
    } else if (/^(?:\S+: )?error: /m.test(expected)) {
      if (isOfToday) it.concurrent(title, { timeout: 240_000 }, () => isRefused(found));
    } else it.concurrent(title, { timeout: 240_000 }, () => isTheSame(found));
  }

  function isRefused(found: Case) {
    return laboratory.withContext(found, async (context) => {
      await expect(buildWithDocker(docker(), context, found)).rejects.toThrow(/ERROR: /);
    });
  }

  async function isTheSame(found: Case) {
    if (!isOfToday) return hasTheSameFiles(found);
    const { ours, theirs } = await compareImages(docker(), laboratory, found);
    expect(ours).not.toBe('refused');
    expect(ours).toEqual(theirs);
  }

  function hasTheSameFiles(found: Case) {
    return laboratory.withContext(found, async (context) => {
      const ours = await laboratory.build(context, found, basename(context));
      const theirs = await buildWithDocker(docker(), context, found);
      const points = mountPoints(found.dockerfile);
      const files = laboratory.listChanges(theirs.files).filter((line) => !points.has(line));
      const config = selectMembers(theirs.document['config'] as Record<string, unknown>);
      expect(ours).toEqual({ files, config });
    });
  }
});
