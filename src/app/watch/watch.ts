// watch: bring the services up, then keep them as their sources are, until the user ends it.

import { buildForUp } from '../build.ts';
import type { Outcome } from '../carry-out.ts';
import type { AppContext } from '../context.ts';
import { executeUp, prepareUp } from '../up.ts';
import { type OpenedWatch, openWatch, type WatchChoice } from './open-watch.ts';

export interface WatchOptions extends WatchChoice {
  readonly services: readonly string[];
  /** Build and start them first. */
  readonly up: boolean;
}

/** Resolves for a dry run only, to what it would do first; rejects with the interrupt. */
export async function watch(context: AppContext, options: WatchOptions): Promise<Outcome | undefined> {
  const opened = await openWatch(context, { services: options.services }, options);
  try {
    const outcome = options.up ? await upFirst(opened, options) : undefined;
    if (context.dryRun) return outcome;
    await opened.session.run(opened.context);
  } finally {
    opened.session.close();
  }
  context.interrupted.throwIfAborted();
  return undefined;
}

/** As Docker Compose: what has rules and a `build:` is built anew, the rest if it is missing. */
async function upFirst(
  { context, model, rules }: OpenedWatch,
  { quiet, services }: WatchOptions,
): Promise<Outcome> {
  const built = [...new Set(rules.map(({ service }) => service))].filter(
    (name) => model.services[name]?.build,
  );
  if (built.length > 0) await buildForUp(context, model, { services: built, noDeps: true }, 'always');
  const prepared = await prepareUp(context, { services }, { quiet });
  return executeUp(context, 'up', prepared);
}
