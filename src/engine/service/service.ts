// Puts the boot service of an instance where the host's init system looks for it, and takes it away again.

import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { TcError } from '../../base/error.ts';
import { unless } from '../../base/system-error.ts';
import type { Instance } from '../instance/instance.ts';
import type { ServiceFile, ServiceRequest } from '../ports.ts';
import { temporaryName } from '../record/temporary-file.ts';
import { formatService, type InitSystem, MARK } from './service-text.ts';

const DIRECTORIES: Readonly<Record<InitSystem, string>> = {
  systemd: '/etc/systemd/system',
  sysv: '/etc/init.d',
};

export function describeService(
  instance: Pick<Instance, 'id' | 'root'>,
  request: ServiceRequest,
): ServiceFile {
  const init = request.init ?? detectInit();
  const name = instance.id === '' ? 'tcompose' : `tcompose-${instance.id}`;
  const { root } = instance;
  // The default instance has no id, and needs no naming: whatever TCOMPOSE_ROOT says at boot, it is not set there.
  const command = [...request.command, ...(instance.id === '' ? [] : ['--root', root])];
  for (const word of [...command, root]) checkPath(word);
  const file = init === 'systemd' ? `${name}.service` : name;
  return {
    init,
    name,
    path: join(request.directory ?? DIRECTORIES[init], file),
    text: formatService(init, { name, root, command }),
    enabling: init === 'systemd' ? ['systemctl', 'enable', file] : ['update-rc.d', name, 'defaults'],
  };
}

/** Whether anything was written: a file that says the same stays as it is. */
export function installService(service: ServiceFile): boolean {
  const present = readOwn(service.path);
  if (present === service.text) return false;
  const temporary = temporaryName(service.path);
  mkdirSync(join(service.path, '..'), { recursive: true });
  writeFileSync(temporary, service.text, { flush: true });
  chmodSync(temporary, service.init === 'systemd' ? 0o644 : 0o755);
  renameSync(temporary, service.path);
  reload(service);
  return true;
}

export function enableService({ enabling }: ServiceFile): void {
  const [file = '', ...args] = enabling;
  run(file, args);
}

/** Whether there was one. Nothing that runs is touched. */
export function uninstallService(service: ServiceFile): boolean {
  if (readOwn(service.path) === undefined) return false;
  const isOfHost = service.path.startsWith(`${DIRECTORIES[service.init]}/`);
  if (service.init === 'systemd' && isOfHost && isManager())
    run('systemctl', ['disable', `${service.name}.service`]);
  unlinkSync(service.path);
  if (service.init === 'sysv' && isOfHost && existsSync('/usr/sbin/update-rc.d')) {
    run('update-rc.d', [service.name, 'remove']);
  }
  reload(service);
  return true;
}

function reload({ init, path }: ServiceFile): void {
  if (init === 'systemd' && isManager() && path.startsWith(`${DIRECTORIES.systemd}/`)) {
    run('systemctl', ['daemon-reload']);
  }
}

function run(file: string, args: readonly string[]): void {
  try {
    execFileSync(file, args, { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
  } catch (error) {
    const { stderr = '', message } = error as { stderr?: string; message: string };
    throw new TcError(`"${[file, ...args].join(' ')}" failed: ${stderr.trim() || message}`, {
      code: 'service-command',
      kind: 'environment',
      hints: ['the file of the service is written; run the command again once it can succeed'],
      cause: error,
    });
  }
}

/** sd_booted(3). */
function isManager(): boolean {
  return existsSync('/run/systemd/system');
}

function detectInit(): InitSystem {
  if (isManager()) return 'systemd';
  if (existsSync(DIRECTORIES.sysv)) return 'sysv';
  throw new TcError('which init system this host has cannot be told', {
    code: 'init-system',
    kind: 'environment',
    hints: ['say it: --init systemd, or --init sysv'],
  });
}

/** Undefined: there is none. Somebody else's file of the same name is neither replaced nor removed. */
function readOwn(path: string): string | undefined {
  const text = unless(['ENOENT'], () => readFileSync(path, 'utf8'));
  if (text === undefined || text.includes(MARK)) return text;
  throw new TcError(`${path} was not written by tcompose`, {
    code: 'service-foreign',
    hints: ['remove or rename it, if it may go'],
  });
}

/** Neither a unit nor a comment of a script can hold a line break. */
function checkPath(word: string): void {
  if (!/[\n\r\0]/.test(word)) return;
  throw new TcError(`a path with a line break cannot stand in a service: ${JSON.stringify(word)}`, {
    code: 'service-path',
  });
}
