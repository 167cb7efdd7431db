// The log drivers: where a container's output goes, from the service's `logging`. Options and defaults are those of
// Docker's drivers (moby daemon/logger/{jsonfilelog,local,syslog,loggerutils}).

import { isIP } from 'node:net';
import { parseBytes } from '../base/units.ts';
import type { LoggingConfig } from '../project/service-config.ts';
import type { ContainerInput } from './container-input.ts';
import { parseSyslogAddress, parseSyslogFacility, SYSLOG_FORMATS, type SyslogAddress } from './log-syslog.ts';
import { expandTag } from './log-tag.ts';
import type { LogSpec, SyslogSpec } from './monitor-spec.ts';

export const LOG_DRIVERS = ['json-file', 'local', 'syslog', 'none'];
export const DEFAULT_DRIVER = 'json-file';

type Options = Readonly<Record<string, string>>;

interface FileOptions {
  readonly maxSize: string;
  readonly maxFile: string;
  readonly compress: string;
}

const UNLIMITED: FileOptions = { maxSize: '-1', maxFile: '1', compress: 'false' };
/** Of `local`, and of the copy that is kept here of what goes to a server. */
const BOUNDED: FileOptions = { maxSize: '20m', maxFile: '5', compress: 'true' };

export function computeLog(input: ContainerInput): LogSpec {
  const { service, paths } = input;
  const { driver = DEFAULT_DRIVER, options = {} } = service.logging ?? {};
  const path = `${paths.bundle}/log`;
  if (driver === 'none') return { driver: 'none', path, maxSize: 0, maxFile: 1 };
  const file = { path, ...describeFile(driver, options) };
  const attributes = describeAttributes(input, options);
  const kept = { driver: 'json-file', ...file, ...(attributes && { attributes }) } as const;
  if (driver !== 'syslog') return kept;
  const syslog = describeSyslog(input, options);
  return options['cache-disabled'] === 'true' ? { ...file, driver: 'none', syslog } : { ...kept, syslog };
}

function describeFile(driver: string, options: Options) {
  const prefix = driver === 'syslog' ? 'cache-' : '';
  const defaults = driver === 'json-file' ? UNLIMITED : BOUNDED;
  const get = (name: string, otherwise: string) => options[`${prefix}${name}`] ?? otherwise;
  const maxFile = Number(get('max-file', defaults.maxFile));
  return {
    maxSize: Math.max(0, parseBytes(get('max-size', defaults.maxSize)) ?? 0),
    maxFile,
    ...(get('compress', defaults.compress) === 'true' && maxFile > 1 ? { compress: true } : {}),
  };
}

/** `labels`, `labels-regex`, `env`, `env-regex`: what of the container every record carries. */
function describeAttributes(input: ContainerInput, options: Options): string | undefined {
  const { service, image, identity } = input;
  const labels: Options = {
    ...image.config.Labels,
    'com.docker.compose.project': identity.project,
    'com.docker.compose.service': identity.service,
    'com.docker.compose.container-number': String(identity.number),
    ...service.labels,
  };
  const variables = { ...splitVariables(image.config.Env ?? []), ...service.environment };
  const found = {
    ...choose(labels, options['labels'], options['labels-regex']),
    ...choose(variables, options['env'], options['env-regex']),
    ...(options['tag'] ? { tag: expandTag(options['tag'], input) } : {}),
  };
  return Object.keys(found).length === 0 ? undefined : JSON.stringify(found);
}

function splitVariables(entries: readonly string[]): Options {
  return Object.fromEntries(
    entries.map((entry) => {
      const [name = '', ...value] = entry.split('=');
      return [name, value.join('=')];
    }),
  );
}

function choose(
  values: Readonly<Record<string, string | null>>,
  names: string | undefined,
  pattern: string | undefined,
): Options {
  const wanted = new Set((names ?? '').split(',').filter(Boolean));
  const matches = pattern ? new RegExp(pattern) : undefined;
  const entries = Object.entries(values).flatMap(([name, value]) =>
    value !== null && (wanted.has(name) || matches?.test(name)) ? [[name, value] as const] : [],
  );
  return Object.fromEntries(entries);
}

const DEFAULT_TAG = '{{.ID}}';

function describeSyslog(input: ContainerInput, options: Options): SyslogSpec {
  const { transport, host, port } = parseSyslogAddress(options['syslog-address']) ?? LOCAL;
  return {
    transport,
    address: transport === 'unix' || isIP(host) ? host : (input.logServer ?? '0.0.0.0'),
    ...(port === undefined ? {} : { port }),
    format: SYSLOG_FORMATS[options['syslog-format'] ?? ''] ?? 'local',
    facility: parseSyslogFacility(options['syslog-facility'] ?? 'daemon') ?? 3,
    tag: expandTag(options['tag'] ?? DEFAULT_TAG, input),
    hostname: input.host.hostname,
  };
}

const LOCAL: SyslogAddress = { transport: 'unix', host: '/dev/log' };

/** The host whose address has to be looked up before the container is made. */
export function findLogServer({ driver, options = {} }: LoggingConfig): string | undefined {
  if (driver !== 'syslog') return undefined;
  const { transport, host } = parseSyslogAddress(options['syslog-address']) ?? LOCAL;
  return transport === 'unix' || isIP(host) ? undefined : host;
}
