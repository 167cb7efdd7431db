// Values of `logging` that this runtime does not take: see attribute-checks.ts.

import { parseBytes } from '../base/units.ts';
import type { LoggingConfig } from '../project/service-config.ts';
import { type Finding, NOTHING, unsupported, wrong } from './finding.ts';
import { parseSyslogAddress, parseSyslogFacility, SYSLOG_FORMATS } from './log-syslog.ts';
import { findStrangeField, TAG_FIELDS } from './log-tag.ts';
import { DEFAULT_DRIVER, LOG_DRIVERS } from './logging.ts';

/** What is wrong with a value, or nothing. */
type Check = (value: string) => string | undefined;
type Checks = Readonly<Record<string, Check>>;

const anything: Check = () => undefined;
const size: Check = (value) =>
  parseBytes(value) === undefined ? `"${value}" is not a size: write a number with k, m or g` : undefined;
const count: Check = (value) =>
  /^[1-9]\d{0,2}$/.test(value) ? undefined : `"${value}" is not a number from 1 to 999`;
const among =
  (...words: string[]): Check =>
  (value) =>
    words.includes(value) ? undefined : `"${value}" is not one of ${words.join(', ')}`;
const boolean = among('true', 'false');
const pattern: Check = (value) => {
  try {
    new RegExp(value);
    return undefined;
  } catch {
    return `"${value}" is not a regular expression`;
  }
};
const tag: Check = (value) => {
  const strange = findStrangeField(value);
  return strange && `"${strange}" means nothing: there are ${TAG_FIELDS.join(', ')}`;
};

/** Of every driver. Output is never held up here, whatever the mode. */
const COMMON: Checks = { mode: among('blocking', 'non-blocking'), 'max-buffer-size': size };
const ATTRIBUTES: Checks = {
  labels: anything,
  'labels-regex': pattern,
  env: anything,
  'env-regex': pattern,
  tag,
};
const FILE: Checks = { 'max-size': size, 'max-file': count, compress: boolean };

const OPTIONS: Readonly<Record<string, Checks>> = {
  'json-file': { ...COMMON, ...FILE, ...ATTRIBUTES },
  local: { ...COMMON, ...FILE, ...ATTRIBUTES },
  syslog: {
    ...COMMON,
    ...ATTRIBUTES,
    'syslog-address': (value) =>
      parseSyslogAddress(value)
        ? undefined
        : `"${value}" is not an address: unix://PATH, udp:// or tcp://HOST:PORT`,
    'syslog-facility': (value) =>
      parseSyslogFacility(value) === undefined ? `"${value}" is not a facility` : undefined,
    'syslog-format': among(...Object.keys(SYSLOG_FORMATS).filter(Boolean)),
    'cache-disabled': boolean,
    'cache-max-size': size,
    'cache-max-file': count,
    'cache-compress': boolean,
  },
};

export function logging({ driver = DEFAULT_DRIVER, options = {} }: LoggingConfig): readonly Finding[] {
  if (!LOG_DRIVERS.includes(driver))
    return [unsupported(driver, `use ${LOG_DRIVERS.join(', ')}`, ['driver'])];
  const known = OPTIONS[driver];
  if (known === undefined) return NOTHING;
  return Object.entries(options).flatMap(([name, value]) => {
    const check = known[name];
    const path = ['options', name];
    if (check === undefined)
      return [unsupported(name, `${driver} has ${Object.keys(known).join(', ')}`, path)];
    const what = check(value);
    return what === undefined ? NOTHING : [wrong(what, undefined, path)];
  });
}
