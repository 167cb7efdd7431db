import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeService, installService, uninstallService } from '../../../../src/engine/service/service.ts';
import { formatService } from '../../../../src/engine/service/service-text.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tcompose-service-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const command = ['/usr/bin/node', '/opt/my "tools" $HOME %n/it\'s tcompose'];

function describeUnit(init: 'systemd' | 'sysv', root = '/var/lib/tcompose', id = '') {
  return describeService({ id, root }, { init, directory, command });
}

describe('the service file', () => {
  it.each(['systemd', 'sysv'] as const)('%s: is written once, and gone after uninstall', (init) => {
    const service = describeUnit(init);
    expect(installService(service)).toBe(true);
    expect(readFileSync(service.path, 'utf8')).toBe(service.text);
    expect(statSync(service.path).mode & 0o777).toBe(init === 'systemd' ? 0o644 : 0o755);
    expect(installService(service)).toBe(false);
    expect(uninstallService(service)).toBe(true);
    expect(existsSync(service.path)).toBe(false);
    expect(uninstallService(service)).toBe(false);
  });

  it('of an older tcompose is replaced, of somebody else is not', () => {
    const service = describeUnit('systemd');
    installService({ ...service, text: `${service.text}# older\n` });
    expect(installService(service)).toBe(true);
    writeFileSync(service.path, '[Unit]\n');
    expect(() => installService(service)).toThrow('was not written by tcompose');
    expect(() => uninstallService(service)).toThrow('was not written by tcompose');
    expect(readFileSync(service.path, 'utf8')).toBe('[Unit]\n');
  });

  it('of another instance has its own name and names its root', () => {
    const service = describeUnit('systemd', '/srv/other', '0123abcd');
    expect(service.path).toBe(join(directory, 'tcompose-0123abcd.service'));
    expect(service.text).toContain('"--root" "/srv/other" system restore\n');
    expect(service.enabling).toEqual(['systemctl', 'enable', 'tcompose-0123abcd.service']);
  });

  it('refuses a path with a line break', () => {
    expect(() => describeUnit('sysv', '/srv/a\nb', '0123abcd')).toThrow('line break');
  });

  const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;
  it.runIf(hasSystemd)('is a unit without faults, to systemd itself', () => {
    const script = join(directory, 'my "tools" $HOME %n', "it's tcompose");
    mkdirSync(join(script, '..'));
    writeFileSync(script, '#!/bin/sh\n', { mode: 0o755 });
    const text = formatService('systemd', { name: 'tcompose', root: directory, command: [script] });
    const unit = join(directory, 'tcompose.service');
    writeFileSync(unit, text);
    const checked = spawnSync('systemd-analyze', ['verify', '--man=no', unit], { encoding: 'utf8' });
    const own = `${checked.stdout}${checked.stderr}`.split('\n').filter((line) => line.includes('tcompose'));
    expect(own).toEqual([]);
  });

  it('passes the words of the command on as they are, in the script', () => {
    const service = describeUnit('sysv', '/srv/it\'s "here" $HOME', '0123abcd');
    const printer = service.text.replace("'/usr/bin/node'", "printf '%s\\n'");
    writeFileSync(join(directory, 'script'), printer);
    const printed = execFileSync('sh', [join(directory, 'script'), 'start'], { encoding: 'utf8' });
    expect(printed.split('\n')).toEqual([
      command[1],
      '--root',
      '/srv/it\'s "here" $HOME',
      'system',
      'restore',
      '',
    ]);
  });
});
