// The boot service of an instance as text: a systemd unit, or a script for init systems that run those. Pure.

export type InitSystem = 'systemd' | 'sysv';

export interface ServiceSubject {
  /** `tcompose`, or `tcompose-<instance>`. */
  readonly name: string;
  readonly root: string;
  /** What runs tcompose on this instance: absolute, and whole without PATH or environment. */
  readonly command: readonly string[];
}

/** By it we know our own file again. */
export const MARK = '# Written by "tcompose system install-service", which also replaces it.';

export function formatService(init: InitSystem, subject: ServiceSubject): string {
  return init === 'systemd' ? formatUnit(subject) : formatScript(subject);
}

function formatUnit({ root, command }: ServiceSubject): string {
  const line = formatCommandLine(command);
  const path = quoteForSystemd(root);
  return `${MARK}
[Unit]
Description=Compose projects of ${escapeSpecifiers(root)}
Wants=network-online.target
After=network-online.target nss-lookup.target remote-fs.target
RequiresMountsFor=${path}

[Service]
Type=oneshot
RemainAfterExit=yes
# With "-": a container that cannot come back is named in the journal, and the others are stopped with the host all the same.
ExecStart=-${line} system restore
ExecStop=${line} system stop
# Each container is waited for as long as its own healthcheck or stop_grace_period says.
TimeoutStartSec=infinity
TimeoutStopSec=infinity
# What runs the containers outlives the command that started it.
KillMode=process

[Install]
WantedBy=multi-user.target
`;
}

function formatScript({ name, root, command }: ServiceSubject): string {
  return `#!/bin/sh
${MARK}
### BEGIN INIT INFO
# Provides:          ${name}
# Required-Start:    $network $local_fs $remote_fs
# Required-Stop:     $network $local_fs $remote_fs
# Should-Start:      $named $time
# Default-Start:     2 3 4 5
# Default-Stop:      0 1 6
# Short-Description: Compose projects of ${root}
### END INIT INFO

PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH

tcompose() {
  ${command.map(quoteForShell).join(' ')} "$@"
}

case "$1" in
  start) tcompose system restore ;;
  stop) tcompose system stop ;;
  restart | force-reload) tcompose system stop && tcompose system restore ;;
  status) tcompose ls ;;
  *)
    echo "Usage: $0 {start|stop|restart|force-reload|status}" >&2
    exit 2
    ;;
esac
`;
}

/** systemd takes no special character in the name of a program, however it is quoted: env(1) does. */
function formatCommandLine([program = '', ...rest]: readonly string[]): string {
  const isPlain = /^[\w./+@-]+$/.test(program);
  const words = [...(isPlain ? [] : [quoteForSystemd(program)]), ...rest.map(quoteForSystemd)];
  return [isPlain ? program : '/usr/bin/env', ...words].join(' ');
}

/** systemd.syntax(7), Quoting; systemd.service(5), Command lines: `$` and `%` stand for themselves when doubled. */
function quoteForSystemd(word: string): string {
  const escaped = escapeSpecifiers(word).replaceAll(/["\\]/g, '\\$&').replaceAll('$', '$$$$');
  return `"${escaped}"`;
}

/** systemd.unit(5), Specifiers. */
function escapeSpecifiers(text: string): string {
  return text.replaceAll('%', '%%');
}

function quoteForShell(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
