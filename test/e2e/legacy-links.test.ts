// Links of a file of format 1: in /etc/hosts, and as variables.

import { afterEach, expect, it } from 'vitest';
import { Scenario } from './scenario.ts';

let scenario: Scenario;

afterEach(async () => {
  scenario.run('down', '-v', '-t', '0');
  expect(await scenario.leftovers()).toEqual({});
  scenario.dispose();
});

const compose = (word: string) => `
web:
  image: host
  command: sleep 620
  links: ['db:database', cache]
db:
  image: host
  command: sleep 621
  environment: {WORD: ${word}}
  expose: ['3306']
cache:
  image: host
  command: sleep 622
`;

it('tell a service where the linked ones are, and follow them when they are made anew', () => {
  scenario = new Scenario({ 'compose.yaml': compose('one') });
  scenario.ok('-p', 'old', 'up', '-d', '-t', '0');
  const run = (script: string) =>
    scenario.ok('-p', 'old', 'exec', '-T', 'web', 'sh', '-c', script).stdout.trim();
  const variables = () =>
    Object.fromEntries(
      run('env')
        .split('\n')
        .map((line) => line.split(/=(.*)/s)),
    );
  const address = () => run('getent ahostsv4 database').split(' ')[0];
  const seen = variables();
  expect(seen).toMatchObject({
    DATABASE_NAME: '/old-web-1/database',
    DATABASE_PORT: `tcp://${address()}:3306`,
    DATABASE_PORT_3306_TCP_ADDR: address(),
    DATABASE_PORT_3306_TCP_PORT: '3306',
    DATABASE_ENV_WORD: 'one',
    DB_1_PORT_3306_TCP_ADDR: address(),
    OLD_DB_1_NAME: '/old-web-1/old-db-1',
    CACHE_NAME: '/old-web-1/cache',
  });
  expect(seen.CACHE_PORT).toBeUndefined();
  scenario.write('compose.yaml', compose('two'));
  scenario.ok('-p', 'old', 'up', '-d', '-t', '0');
  expect(variables()).toMatchObject({ DATABASE_ENV_WORD: 'two', DB_1_PORT_3306_TCP_ADDR: address() });
  expect(scenario.ok('-p', 'old', 'up', '-d').stderr).not.toContain('Recreate');
  scenario.ok('-p', 'old', 'down', '-t', '0');
});

it('set no variables in a file of today', () => {
  const services = compose('one').replaceAll('\n', '\n  ');
  scenario = new Scenario({ 'compose.yaml': `services:${services}` });
  scenario.ok('up', '-d', '-t', '0');
  expect(scenario.ok('exec', '-T', 'web', 'env').stdout).not.toContain('DATABASE');
});
