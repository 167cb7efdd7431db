// What tcompose and a provider say to each other: JSON lines on its standard output, flags that its metadata declare.
// Source: docker/compose docs/extension.md. Pure.

import { TcError } from '../../base/error.ts';
import type { ProviderCommand } from '../../plan/operation.ts';

export type ProviderMessage =
  | { readonly type: 'info' | 'error' | 'debug'; readonly message: string }
  | { readonly type: 'setenv' | 'rawsetenv'; readonly name: string; readonly value: string }
  | { readonly type: 'get-service-config' };

const TEXTS: readonly string[] = ['info', 'error', 'debug'];

/** Undefined: no message of the protocol. */
export function parseMessage(line: string): ProviderMessage | undefined {
  let entry: { type?: unknown; message?: unknown } | null;
  try {
    entry = JSON.parse(line);
  } catch {
    return undefined;
  }
  const { type, message = '' } = entry ?? {};
  if (type === 'get-service-config') return { type };
  if (typeof type !== 'string' || typeof message !== 'string') return undefined;
  if (TEXTS.includes(type)) return { type: type as 'info', message };
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(message) ?? [];
  if ((type !== 'setenv' && type !== 'rawsetenv') || name === undefined || value === undefined)
    return undefined;
  return { type, name, value };
}

interface Parameters {
  readonly parameters?: readonly { readonly name?: string; readonly required?: boolean }[];
}

export type ProviderMetadata = { readonly description?: string } & {
  readonly [C in ProviderCommand]?: Parameters;
};

/** What a provider says of itself; one that has no such command says nothing. */
export function parseMetadata(text: string): ProviderMetadata {
  try {
    const metadata = JSON.parse(text) as ProviderMetadata | null;
    return typeof metadata === 'object' && metadata !== null ? metadata : {};
  } catch {
    return {};
  }
}

export interface ProviderCall {
  readonly project: string;
  readonly service: string;
  readonly type: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly command: ProviderCommand;
}

/** Undefined: the provider does not have the command. `stop` is only for those that declare it. */
export function formatArguments(call: ProviderCall, metadata: ProviderMetadata): string[] | undefined {
  const { command, options, project, service, type } = call;
  if (command === 'stop' && metadata.stop === undefined) return undefined;
  const isSilent = !metadata.description && !metadata.up?.parameters && !metadata.down?.parameters;
  const parameters = metadata[command]?.parameters ?? [];
  const missing = parameters.find(({ name, required }) => required && name && !(name in options));
  if (missing && !isSilent) {
    throw new TcError(`service ${service}: provider "${type}" wants the option "${missing.name}"`, {
      code: 'provider-failed',
      hints: [`add ${missing.name} to provider.options`],
    });
  }
  const known = new Set(parameters.map(({ name }) => name));
  const flags = Object.entries(options)
    .filter(([name]) => isSilent || known.has(name))
    .flatMap(([name, value]) => [value].flat().map((each) => `--${name}=${String(each)}`));
  return ['compose', `--project-name=${project}`, command, ...flags, service];
}

/** Variables as those that depend on the service get them. */
export function nameVariable(service: string, message: ProviderMessage & { readonly name: string }): string {
  return message.type === 'setenv' ? `${service.toUpperCase()}_${message.name}` : message.name;
}
