// config: the model as files, environment and profiles make it. Needs no engine, unless images are to be pinned.

import { formatCanonical, formatPlain, toCanonical } from '../project/canonical.ts';
import type { AppContext } from './context.ts';
import { discover } from './discovery.ts';
import { findLoadOptions, type LoadChanges, loadModel } from './project.ts';

export interface ConfigOptions extends Omit<LoadChanges, 'profiles'> {
  readonly format: 'yaml' | 'json';
  /** `resolve`: images with their digests. `lock`: an override with those and nothing else. */
  readonly pin?: 'resolve' | 'lock';
}

/** Canonical text, which loads again to the same model. */
export async function config(context: AppContext, options: ConfigOptions): Promise<string> {
  const { format, pin, ...changes } = options;
  const model = loadModel(context, changes);
  if (pin === undefined) return formatCanonical(model, format);
  const { pinProject } = await import('./pin-images.ts');
  const place = { pin, sourceOf: (path: readonly (string | number)[]) => model.positions.at(path) };
  return formatPlain(await pinProject(context, toCanonical(model, format), place), format);
}

/** Merged, with the variables left as they stand. */
export async function configUninterpolated(context: AppContext, options: ConfigOptions): Promise<string> {
  const { format, pin, ...changes } = options;
  const { formatUninterpolated, loadUninterpolated } = await import('../project/uninterpolated.ts');
  const { project, warnings } = loadUninterpolated(findLoadOptions(context, changes), context.reader);
  for (const warning of warnings) context.on({ type: 'warning', warning });
  if (changes.services?.length) {
    const message =
      'with --no-interpolate the whole model is printed, and not only the services that are named';
    context.on({ type: 'warning', warning: { code: 'selection-ignored', message } });
  }
  if (pin === undefined) return formatUninterpolated(project, format);
  const { pinProject } = await import('./pin-images.ts');
  return formatUninterpolated(await pinProject(context, project, { pin }), format);
}

/** Throws what is wrong with the files. */
export function checkConfig(context: AppContext, { format: _, pin: _pin, ...changes }: ConfigOptions): void {
  loadModel(context, changes);
}

/** The files in today's form; of several, documents of one file that means the same. */
export async function upgradeConfig(context: AppContext): Promise<string> {
  const { upgradeFile } = await import('../project/upgrade.ts');
  const { readNamedFile } = await import('../project/text/read-source.ts');
  const texts = discover(context).files.map((file) =>
    upgradeFile(file, readNamedFile(file, context.reader, 'the Compose file')),
  );
  return texts.join('---\n');
}
