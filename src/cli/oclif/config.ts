// The oclif configuration of a program that ships as one file: said here, so that oclif looks for nothing on disk.

import { Config } from '@oclif/core';
import { version } from '../../app/version.ts';

export async function loadConfig(): Promise<Config> {
  const manifest = {
    name: 'tcompose',
    version: version().version,
    description: 'Run Compose projects on this host, without a daemon',
    dependencies: {},
    oclif: { bin: 'tcompose', topicSeparator: ' ' as const, plugins: [] },
  };
  return Config.load({ root: '/', isRoot: true, pjson: manifest });
}
