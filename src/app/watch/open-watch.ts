// Before anything is started: the rules of the services, and the eyes on their files. What changes from here on counts, also
// while images are built and containers come up.

import type { WatchedSource } from '../../engine/ports.ts';
import { type Selection, selectServices } from '../../plan/selection.ts';
import type { UpOptions } from '../../plan/up-options.ts';
import { listWatchRules, type WatchRule } from '../../plan/watch-rules.ts';
import type { FileReader } from '../../project/file-reader.ts';
import type { ProjectModel } from '../../project/model.ts';
import type { AppContext } from '../context.ts';
import { loadModel } from '../project.ts';
import type { OnWatchNotice } from './watch-notice.ts';
import { WatchSession } from './watch-session.ts';

export interface WatchChoice {
  /** Removes images that a rebuild replaces and nobody uses any more. */
  readonly prune: boolean;
  /** Builds and pulls are not shown. */
  readonly quiet: boolean;
  readonly on: OnWatchNotice;
}

export interface OpenedWatch {
  /** Its reader gives every file as it was first read: one session has one project. */
  readonly context: AppContext;
  readonly model: ProjectModel;
  readonly selection: Selection;
  readonly rules: readonly WatchRule[];
  readonly session: WatchSession;
}

/** Fails if there is nothing to watch. */
export async function openWatch(
  outer: AppContext,
  options: UpOptions,
  choice: WatchChoice,
): Promise<OpenedWatch> {
  const context = withSteadyFiles(outer);
  const scaled = Object.keys(options.scale ?? {});
  const services = options.services?.length ? [...options.services, ...scaled] : [];
  const model = loadModel(context, { services });
  const selection = selectServices(model, options);
  const { rules, warnings } = listWatchRules(model, selection, options.services);
  for (const warning of warnings) context.on({ type: 'warning', warning });
  const engine = await context.engine(context.dryRun ? 'read' : 'change');
  // Standard input, and what was fetched from elsewhere, is not watched.
  const files = [...model.configFiles, ...model.environmentFiles].filter((path) => path.startsWith('/'));
  const watched = [...rules.map(toSource), ...files.map(fileSource)];
  const sources = await engine.sources.watch(watched);
  const session = new WatchSession({ model, rules, sources, files, options, ...choice });
  return { context, model, selection, rules, session };
}

function toSource({ context, ignore, include, mounted, path }: WatchRule): WatchedSource {
  return { path, ignore, include, except: mounted, ...(context && { context }) };
}

function fileSource(path: string): WatchedSource {
  return { path, ignore: [], include: [], except: [] };
}

/** A rebuild in the middle of an edit of the Compose file goes by what the session began with. */
function withSteadyFiles(context: AppContext): AppContext {
  const { reader } = context;
  const texts = new Map<string, string>();
  const steady: FileReader = {
    ...reader,
    exists: (path) => texts.has(path) || reader.exists(path),
    read(path) {
      const text = texts.get(path) ?? reader.read(path);
      texts.set(path, text);
      return text;
    },
  };
  return { ...context, reader: steady };
}
