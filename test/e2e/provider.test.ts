// A service behind a provider: a script that speaks the protocol.

import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { Scenario } from './scenario.ts';

let scenario: Scenario;

afterEach(async () => {
  scenario.run('down', '-v', '-t', '0');
  expect(await scenario.leftovers()).toEqual({});
  scenario.dispose();
});

const script = `#!/bin/sh
echo "$@" >> ./calls
case "$*" in
*metadata*) echo '{"description": "d", "up": {"parameters": [{"name": "size"}]}, "down": {"parameters": []}, "stop": {}}' ;;
*" up "*)
  echo '{"type": "info", "message": "half of it"}'
  echo '{"type": "get-service-config"}'
  read config
  echo "$config" > ./config
  [ -e ./fail ] && { echo '{"type": "error", "message": "no more room"}'; exit 0; }
  echo '{"type": "setenv", "message": "URL=http://cloud:1"}'
  echo '{"type": "rawsetenv", "message": "KEY=k=v"}' ;;
esac
`;

it('is brought up before those that depend on it, which get its variables, and is stopped and taken down after them', () => {
  scenario = new Scenario({
    'compose.yaml': `
services:
  db: {provider: {type: ./cloud, options: {size: 2, other: x}}}
  web: {image: host, command: sleep 1000, stop_grace_period: 0s, depends_on: [db], environment: {KEY: own}}
`,
    cloud: script,
    fail: '',
  });
  chmodSync(join(scenario.directory, 'cloud'), 0o755);
  const failing = scenario.run('up', '-d');
  expect([failing.status, failing.stderr]).toEqual([
    1,
    expect.stringContaining('provider "./cloud" says: no more room'),
  ]);
  expect(scenario.ps()).toEqual([]);
  const calls = () =>
    readFileSync(join(scenario.directory, 'calls'), 'utf8')
      .trim()
      .split('\n')
      .filter((call) => !call.includes('metadata'));
  scenario.ok('config', '-q');
  const { rmSync } = process.getBuiltinModule('node:fs');
  rmSync(join(scenario.directory, 'fail'));
  const up = scenario.ok('up', '-d');
  expect(up.stderr).toContain('half of it');
  expect(up.stderr).toContain('overrides the environment variable KEY');
  expect(scenario.ok('exec', '-T', 'web', 'sh', '-c', 'echo $DB_URL $KEY').stdout).toBe(
    'http://cloud:1 k=v\n',
  );
  expect(JSON.parse(readFileSync(join(scenario.directory, 'config'), 'utf8'))).toMatchObject({
    provider: { type: './cloud' },
  });
  const { ID } = scenario.container('project-web-1');
  scenario.ok('up', '-d');
  expect(scenario.container('project-web-1').ID).toBe(ID);
  scenario.ok('stop');
  scenario.ok('down');
  const flags = '--project-name=project';
  expect(calls()).toEqual([
    ...Array.from({ length: 3 }, () => `compose ${flags} up --size=2 db`),
    `compose ${flags} stop db`,
    `compose ${flags} down db`,
  ]);
});
