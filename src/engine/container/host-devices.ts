// The device nodes of this host, for services that ask for them.

import { readdirSync, statSync } from 'node:fs';
import { type DevicePort, splitDeviceNumber } from '../../runtime/devices.ts';

const PERMISSIONS = 0o777n;

export const hostDevices: DevicePort = {
  find(path) {
    const status = statSync(path, { throwIfNoEntry: false, bigint: true });
    if (!status) return undefined;
    if (status.isDirectory()) return 'directory';
    if (!status.isBlockDevice() && !status.isCharacterDevice()) return 'other';
    return {
      type: status.isBlockDevice() ? 'b' : 'c',
      ...splitDeviceNumber(status.rdev),
      fileMode: Number(status.mode & PERMISSIONS),
      uid: Number(status.uid),
      gid: Number(status.gid),
    };
  },

  list(directory) {
    const entries = readdirSync(directory, { withFileTypes: true });
    return entries.filter((entry) => !entry.isSymbolicLink()).map(({ name }) => name);
  },
};
