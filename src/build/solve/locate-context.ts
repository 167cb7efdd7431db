// The context of a request as a directory of this machine.

import { join } from 'node:path';
import { isGit } from '../stage/make-copy.ts';
import type { BuildRequest } from './request.ts';
import type { Workshop } from './workshop.ts';

/** A Git repository as the directory that was fetched from it. */
export async function locateContext(request: BuildRequest, workshop: Workshop): Promise<BuildRequest> {
  if (!isGit(request.context)) return request;
  // With the network come TLS and HTTP, which most builds have no use for.
  const { cloneRepository } = await import('./fetch-remote.ts');
  const directory = await workshop.workspace();
  const { signal } = workshop.options;
  const below = await cloneRepository(request.context, { directory, keepGitDir: false, signal });
  return { ...request, context: join(directory, below) };
}
