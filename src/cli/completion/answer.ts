// The answer to a shell's script, in the form that scripts.ts describes.

import { imageNames } from '../../app/image/ls.ts';
import { serviceNames } from '../../app/service-names.ts';
import type { FlagToken } from '../argv.ts';
import { type Environment, readFlags } from '../flag-values.ts';
import { globalFlags } from '../global-flags.ts';
import { Session } from '../session.ts';
import { complete } from './complete.ts';

export async function renderCompletions(words: readonly string[], environment: Environment): Promise<string> {
  const contextOf = (globals: readonly FlagToken[]) =>
    new Session(readFlags(globalFlags, globals), environment).context;
  const { candidates, paths } = await complete(
    words,
    (globals) => serviceNames(contextOf(globals)),
    (globals) => imageNames(contextOf(globals)),
  );
  if (paths !== undefined && candidates.length === 0) return `:${paths}\n`;
  return candidates
    .map(({ summary, word }) => (summary === undefined ? `${word}\n` : `${word}\t${summary}\n`))
    .join('');
}
