// The images of examples/wordpress against what the well-known ones promise: their variables, secrets and init files.

import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually, Scenario } from '../scenario.ts';
import { buildTimeout, describeExample, Example } from './example.ts';

const password = `a "quoted" 'pass\\word'`;

const project = `
services:
  db:
    image: mysql:5.7
    environment:
      MYSQL_RANDOM_ROOT_PASSWORD: "yes"
      MYSQL_DATABASE: a_b
      MYSQL_USER: o'brien
      MYSQL_PASSWORD_FILE: /run/secrets/password
      MYSQL_INITDB_SKIP_TZINFO: "1"
    secrets: [password]
    volumes:
      - ./init:/docker-entrypoint-initdb.d:ro
      - data:/var/lib/mysql
    stop_grace_period: 20s
  open:
    image: mysql:5.7
    command: --max-connections=23
    environment: {MYSQL_ALLOW_EMPTY_PASSWORD: "1", MYSQL_ROOT_HOST: localhost, MYSQL_INITDB_SKIP_TZINFO: "1"}
  bare:
    image: mysql:5.7
  site:
    image: wordpress:latest
    environment:
      WORDPRESS_DB_HOST: db
      WORDPRESS_DB_NAME: a_b
      WORDPRESS_DB_USER: o'brien
      WORDPRESS_DB_PASSWORD_FILE: /run/secrets/password
      WORDPRESS_TABLE_PREFIX: blog_
      WORDPRESS_AUTH_KEY: a key of our own
      WORDPRESS_DEBUG: "1"
      WORDPRESS_CONFIG_EXTRA: |
        define('WP_MEMORY_LIMIT', '77M');
        define('EXTRA', 'an "extra" of $$1');
    secrets: [password]
secrets:
  password: {file: ./password}
volumes:
  data:
`;

/** As WordPress would begin, without asking for its tables. */
const ask = `
define('WP_INSTALLING', true);
require '/var/www/html/wp-config.php';
echo json_encode(['prefix' => $table_prefix, 'name' => DB_NAME, 'user' => DB_USER, 'password' => DB_PASSWORD,
  'key' => AUTH_KEY, 'salt' => strlen(NONCE_SALT), 'debug' => WP_DEBUG, 'limit' => WP_MEMORY_LIMIT, 'extra' => EXTRA,
  'reached' => $wpdb->get_var('SELECT sum(n) FROM numbers')]);
`;

describeExample('wordpress/debian', () => {
  let example: Example;
  let scenario: Scenario;

  beforeAll(async () => {
    example = await Example.build('wordpress');
    scenario = new Scenario({ 'compose.yaml': project, password }, { TCOMPOSE_ROOT: example.root });
    scenario.write('init/1-table.sql', 'CREATE TABLE numbers (n INT);\nINSERT INTO numbers VALUES (1);\n');
    scenario.write('init/2-run.sh', `#!/bin/sh\necho "as $(id -un) for $MYSQL_DATABASE"\n`);
    chmodSync(join(scenario.directory, 'init/2-run.sh'), 0o755);
    scenario.write('init/3-source.sh', 'docker_process_sql <<<"INSERT INTO numbers VALUES (2)"\n');
    writeFileSync(
      join(scenario.directory, 'init/4-more.sql.gz'),
      gzipSync('INSERT INTO numbers VALUES (39);\n'),
    );
    scenario.write('init/readme.txt', 'not a script');
    scenario.ok('up', '-d');
  }, buildTimeout);
  afterAll(async () => {
    scenario?.dispose();
    example?.dispose();
    expect(await scenario?.leftovers()).toEqual({});
  });

  const log = (service: string) => scenario.ok('logs', '--no-log-prefix', service).stdout;
  const isReady = (service: string) =>
    eventually(
      `${service} is ready`,
      () => log(service).split('ready for connections').length > 2 || undefined,
      90,
    );
  /** One column of one row, by the user of the variables. */
  const select = (text: string, user = "o'brien", word = password) =>
    scenario
      .ok('exec', '-T', 'db', 'mysql', '-h127.0.0.1', `-u${user}`, `-p${word}`, '-NBe', text, 'a_b')
      .stdout.trim();

  it('makes the database, its user with the password of a secret, and runs what is in initdb.d, in order', async () => {
    await isReady('db');
    expect(select('SELECT sum(n) FROM numbers')).toBe('42');
    expect(select('SELECT current_user()')).toBe("o'brien@%");
    expect(log('db')).toContain('as mysql for a_b\n');
    expect(log('db')).toContain('ignoring /docker-entrypoint-initdb.d/readme.txt');
  });

  it('gives that user this database and no other that is named alike', () => {
    const [, root = ''] = /GENERATED ROOT PASSWORD: (\S+)/.exec(log('db')) ?? [];
    select('CREATE DATABASE axb', 'root', root);
    expect(select('SHOW DATABASES').split('\n').sort()).toEqual(['a_b', 'information_schema']);
  });

  it('initializes once: a container made anew has the same data', async () => {
    scenario.ok('up', '-d', '--force-recreate', '--no-deps', 'db');
    await eventually('it is back', () => log('db').includes('ready for connections') || undefined, 60);
    expect(log('db')).not.toContain('initializing');
    expect(select('SELECT sum(n) FROM numbers')).toBe('42');
  });

  it('takes no password, and flags of the server, where that is asked for', async () => {
    await isReady('open');
    const text = scenario.ok(
      ...[
        'exec',
        '-T',
        'open',
        'mysql',
        '-uroot',
        '-NBe',
        'SELECT user, host, @@max_connections FROM mysql.user',
      ],
    ).stdout;
    expect(text).toContain('root\tlocalhost\t23\n');
    expect(text.match(/^root/gm)).toHaveLength(1);
  });

  it('refuses to make a database that nobody gave a password', () => {
    scenario.run('wait', 'bare');
    expect(scenario.container('project-bare-1').ExitCode).toBe(1);
    expect(log('bare')).toContain('set MYSQL_ROOT_PASSWORD');
  });

  it('configures WordPress by its variables', async () => {
    await eventually(
      'it is configured',
      () => scenario.run('exec', '-T', 'site', 'test', '-s', '/var/www/html/wp-config.php').status === 0,
      90,
    );
    const answer = JSON.parse(scenario.ok('exec', '-T', 'site', 'php', '-r', ask).stdout);
    expect(answer).toMatchObject({
      ...{ prefix: 'blog_', name: 'a_b', user: "o'brien", password, reached: '42' },
      ...{ key: 'a key of our own', salt: 64, debug: true, limit: '77M', extra: 'an "extra" of $1' },
    });
  });
});
