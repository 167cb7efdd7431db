// One case given to both builders, and what each makes of it: an image in the same words, or that it refuses.

import { basename } from 'node:path';
import { TcError } from '../../../src/base/error.ts';
import type { Case } from './case.ts';
import { buildWithDocker, checkWithDocker, withoutTimes } from './docker-build.ts';
import type { DockerBuilder } from './docker-builder.ts';
import type { Laboratory } from './laboratory.ts';

interface Made {
  readonly files: readonly string[];
  readonly document: Readonly<Record<string, unknown>>;
  readonly findings: ReadonlySet<string>;
}

export type Outcome = Made | 'refused';

export function compareImages(
  docker: DockerBuilder,
  laboratory: Laboratory,
  found: Case,
): Promise<{ readonly ours: Outcome; readonly theirs: Outcome }> {
  return laboratory.withContext(found, async (context) => {
    const ours = await buildOurs(laboratory, context, found);
    return { ours, theirs: await buildTheirs(docker, laboratory, context, found) };
  });
}

async function buildOurs(laboratory: Laboratory, context: string, found: Case): Promise<Outcome> {
  const tag = basename(context);
  try {
    const { files } = await laboratory.build(context, found, tag);
    const findings = new Set(await laboratory.check(context, found));
    return { files, document: withoutTimes(await laboratory.document(tag)), findings };
  } catch (error) {
    if (error instanceof TcError) return 'refused';
    throw error;
  }
}

async function buildTheirs(
  docker: DockerBuilder,
  laboratory: Laboratory,
  context: string,
  found: Case,
): Promise<Outcome> {
  try {
    const { files, document } = await buildWithDocker(docker, context, found);
    const findings = new Set(await checkWithDocker(docker, context, found));
    return { files: laboratory.listChanges(files), document: withoutTimes(document), findings };
  } catch (error) {
    if (/ERROR: failed to build/.test((error as Error).message)) return 'refused';
    throw error;
  }
}
