// Which of the many things `config` can print the flags ask for.

import { writeFileSync } from 'node:fs';
import {
  type ConfigList,
  type ConfigOptions,
  checkConfig,
  config,
  configEnvironment,
  configHashes,
  configUninterpolated,
  configVariables,
  listConfig,
} from '../app/config.ts';
import type { AppContext } from '../app/context.ts';
import { TcError } from '../base/error.ts';
import { usageError } from './argv.ts';

interface ConfigFlags {
  readonly format: string | undefined;
  readonly quiet: boolean;
  readonly environment: boolean;
  readonly variables: boolean;
  readonly hash: string | undefined;
  readonly 'no-consistency': boolean;
  readonly 'no-env-resolution': boolean;
  readonly 'no-interpolate': boolean;
  readonly 'no-normalize': boolean;
  readonly 'no-path-resolution': boolean;
  readonly list: ConfigList | undefined;
  /** Services. */
  readonly selected: readonly string[];
}

/** Empty if the files are to be checked only. */
export async function renderConfig(context: AppContext, flags: ConfigFlags): Promise<string> {
  if (flags.environment) return lines(configEnvironment(context));
  if (flags.variables) {
    const { renderVariables } = await import('../ui/variable-list.ts');
    return renderVariables(await configVariables(context), flags.format);
  }
  if (flags.hash !== undefined) return lines(await configHashes(context, parseNames(flags.hash)));
  const options = toConfigOptions(flags);
  if (flags.list !== undefined) return lines(listConfig(context, flags.list, options));
  if (flags.quiet) {
    checkConfig(context, options);
    return '';
  }
  return flags['no-interpolate'] ? configUninterpolated(context, options) : config(context, options);
}

export function writeOutput(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new TcError(`cannot write ${path}: ${why}`, { code: 'output', kind: 'environment', cause });
  }
}

function toConfigOptions(flags: ConfigFlags): ConfigOptions {
  const { format = 'yaml' } = flags;
  if (format !== 'yaml' && format !== 'json') {
    throw usageError(`--format: "${format}" is not one of yaml, json`);
  }
  return {
    services: flags.selected,
    format,
    consistency: !flags['no-consistency'],
    envResolution: !flags['no-env-resolution'],
    normalization: !flags['no-normalize'],
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
