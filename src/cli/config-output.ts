// Which of the many things `config` can print the flags ask for.

import { writeFileSync } from 'node:fs';
import {
  type ConfigOptions,
  checkConfig,
  config,
  configUninterpolated,
  upgradeConfig,
} from '../app/config.ts';
import {
  type ConfigList,
  configEnvironment,
  configHashes,
  configVariables,
  listConfig,
} from '../app/config-lists.ts';
import type { AppContext } from '../app/context.ts';
import { TcError } from '../base/error.ts';
import { usageError } from './argv.ts';
import type { Session } from './session.ts';

interface ConfigFlags {
  readonly format: string | undefined;
  readonly quiet: boolean;
  readonly environment: boolean;
  readonly variables: boolean;
  readonly explain: readonly string[];
  readonly upgrade: boolean;
  readonly hash: string | undefined;
  readonly 'no-consistency': boolean;
  readonly 'no-env-resolution': boolean;
  readonly 'no-interpolate': boolean;
  readonly 'no-normalize': boolean;
  readonly 'no-path-resolution': boolean;
  readonly 'resolve-image-digests': boolean;
  readonly 'lock-image-digests': boolean;
  readonly list: ConfigList | undefined;
  /** Services. */
  readonly selected: readonly string[];
}

/** Empty if the files are to be checked only. */
export async function renderConfig(context: AppContext, flags: ConfigFlags): Promise<string> {
  if (flags.environment) return lines(await configEnvironment(context));
  if (flags.variables) {
    const { renderVariables } = await import('../ui/variable-list.ts');
    return renderVariables(await configVariables(context), flags.format);
  }
  if (flags.upgrade) return upgradeConfig(context);
  const options = toConfigOptions(flags, context.selection.compatibility);
  if (flags.explain.length > 0) {
    const { explainConfig } = await import('../app/explain-config.ts');
    const { pin: _, ...changes } = options;
    return explainConfig(context, flags.explain, {
      ...changes,
      services: [],
      format: options.format === 'json' ? 'json' : 'text',
    });
  }
  if (flags.hash !== undefined) return lines(await configHashes(context, parseNames(flags.hash), options));
  if (flags.list !== undefined) return lines(listConfig(context, flags.list, options));
  if (flags['no-interpolate']) return configUninterpolated(context, options);
  if (!flags.quiet) return config(context, options);
  checkConfig(context, options);
  return '';
}

/** One JSON object a line, to standard output. The exit code: 1 if there are errors. */
export async function reportDiagnostics(session: Session, flags: ConfigFlags): Promise<number> {
  const { diagnose } = await import('../app/diagnose.ts');
  const { format: _, pin: _pin, ...changes } = toConfigOptions(flags, false);
  const found = diagnose(session.context, changes);
  if (found.length > 0) session.print(lines(found.map((one) => JSON.stringify(one))));
  return found.some(({ severity }) => severity === 'error') ? 1 : 0;
}

export function writeOutput(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new TcError(`cannot write ${path}: ${why}`, { code: 'output', kind: 'environment', cause });
  }
}

/** `--compatibility` leaves out normalization, as in Docker Compose. */
function toConfigOptions(flags: ConfigFlags, isCompatible: boolean): ConfigOptions {
  const { format = 'yaml' } = flags;
  if (format !== 'yaml' && format !== 'json') {
    throw usageError(`--format: "${format}" is not one of yaml, json`);
  }
  const pin = flags['lock-image-digests'] ? 'lock' : flags['resolve-image-digests'] ? 'resolve' : undefined;
  return {
    services: flags.selected,
    format,
    ...(pin === undefined ? {} : { pin }),
    consistency: !flags['no-consistency'],
    envResolution: !flags['no-env-resolution'],
    normalization: !flags['no-normalize'] && !isCompatible,
    pathResolution: !flags['no-path-resolution'],
  };
}

/** `*` is all. */
function parseNames(text: string): readonly string[] {
  return text === '*' ? [] : text.split(',').filter((name) => name !== '');
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('');
}
