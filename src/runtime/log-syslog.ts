// The words of the syslog driver's options. Source: moby daemon/logger/syslog.

import type { SyslogSpec } from './monitor-spec.ts';

export interface SyslogAddress {
  readonly transport: SyslogSpec['transport'];
  /** A path, a name or an address in numbers. */
  readonly host: string;
  readonly port?: number;
}

const DEFAULT_PORT = 514;

/** `unix:///dev/log`, `unixgram://...`, `udp://host:port`, `tcp://[::1]:514`. Undefined: none, or one that means nothing. */
export function parseSyslogAddress(text: string | undefined): SyslogAddress | undefined {
  const local = /^unix(?:gram)?:\/\/(\/.+)$/.exec(text ?? '');
  if (local) return { transport: 'unix', host: local[1] ?? '' };
  const remote = /^(udp|tcp):\/\/(?:\[([0-9a-fA-F:.]+)\]|([^:/[\]]+))(?::(\d+))?\/?$/.exec(text ?? '');
  const port = Number(remote?.[4] ?? DEFAULT_PORT);
  if (!remote || port < 1 || port > 65_535) return undefined;
  return { transport: remote[1] === 'udp' ? 'udp' : 'tcp', host: remote[2] ?? remote[3] ?? '', port };
}

/** RFC 5424, 6.2.1; the names of syslog(3). */
const FACILITIES = [
  ...['kern', 'user', 'mail', 'daemon', 'auth', 'syslog', 'lpr', 'news', 'uucp', 'cron', 'authpriv', 'ftp'],
  ...['ntp', 'audit', 'alert', 'clock'],
  ...Array.from({ length: 8 }, (_, index) => `local${index}`),
];

export function parseSyslogFacility(text: string): number | undefined {
  const index = FACILITIES.indexOf(text);
  if (index >= 0) return index;
  return /^\d{1,2}$/.test(text) && Number(text) < FACILITIES.length ? Number(text) : undefined;
}

export const SYSLOG_FORMATS: Readonly<Record<string, SyslogSpec['format']>> = {
  '': 'local',
  rfc3164: 'rfc3164',
  rfc5424: 'rfc5424',
  rfc5424micro: 'rfc5424micro',
};
