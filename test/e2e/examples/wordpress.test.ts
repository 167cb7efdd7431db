// examples/wordpress as a visitor and its author see it: over HTTP, with real WordPress and a real database.

import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from '../scenario.ts';
import { buildTimeout, describeExample, Example } from './example.ts';
import { Visitor } from './visitor.ts';

const site = 'http://127.0.0.1:8000';
const author = { name: 'author', password: 'a password of some length' };
const post = { title: 'Five replicas', content: 'One database, one volume, one port.' };

describeExample('wordpress', () => {
  let example: Example;
  const visitor = new Visitor(site);
  let postId = 0;

  beforeAll(async () => {
    example = await Example.build('wordpress');
    await example.finish('up', '-d');
  }, buildTimeout);
  afterAll(async () => {
    example?.dispose();
    expect(await example?.leftovers()).toEqual({});
  });

  /** Apache listens once the volume is filled, and WordPress answers once it reaches the database. */
  const shows = (path: string, text: string) =>
    eventually(
      `${path} shows ${text}`,
      async () => (await visitor.get(path).catch(() => undefined))?.text.includes(text),
      90,
    );

  /** Names the replica that serves the page: a file on the volume that all share. */
  function addHostPage(): void {
    example.write('host.php', '<?php echo gethostname();');
    example.ok('cp', 'host.php', 'wordpress:/var/www/html/host.php');
  }

  /** The post as each replica gives it. A connection is one replica's as long as it lasts. */
  async function readFromEach(replicas: number): Promise<Map<string, string>> {
    const read = new Map<string, string>();
    const isRead = async () => {
      const reader = new Visitor(site);
      // A new replica is there before its Apache listens.
      const host = (await reader.get('/host.php').catch(() => undefined))?.text;
      if (host === undefined) return undefined;
      const { status, text } = await reader.get(`/?p=${postId}`);
      expect({ host, status }).toEqual({ host, status: 200 });
      read.set(host, text);
      reader.leave();
      return read.size >= replicas;
    };
    await eventually(`${replicas} replicas are read from`, isRead, 90);
    return read;
  }

  function runningReplicas(): number {
    return example.ps().filter(({ Service, State }) => Service === 'wordpress' && State === 'running').length;
  }

  it('has the images under the names of the classic file, and starts from it', () => {
    expect(example.ok('images', '--format', 'json').stdout).toContain('mysql');
    expect(
      example
        .ps()
        .map(({ Service, State }) => `${Service} ${State}`)
        .sort(),
    ).toEqual(['db running', 'wordpress running']);
  });

  it('finishes the installation over HTTP', async () => {
    await shows('/wp-admin/install.php', 'user_name');
    const { status, text } = await visitor.post('/wp-admin/install.php?step=2', {
      weblog_title: 'Ours',
      user_name: author.name,
      admin_password: author.password,
      admin_password2: author.password,
      admin_email: 'author@example.com',
      blog_public: '0',
      Submit: 'Install WordPress',
    });
    expect(status).toBe(200);
    expect(text).toContain('WordPress has been installed');
    expect((await visitor.get('/')).text).toContain('<title>Ours');
  });

  it('lets the author in and takes a post', async () => {
    await visitor.get('/wp-login.php');
    const login = await visitor.post('/wp-login.php', {
      log: author.name,
      pwd: author.password,
      testcookie: '1',
    });
    expect(login.status).toBe(302);
    const nonce = (await visitor.get('/wp-admin/admin-ajax.php?action=rest-nonce')).text;
    expect(nonce).toMatch(/^[0-9a-f]{10}$/);
    const written = await visitor.post(
      '/?rest_route=/wp/v2/posts',
      { ...post, status: 'publish' },
      { 'X-WP-Nonce': nonce },
    );
    expect(written.status).toBe(201);
    postId = (JSON.parse(written.text) as { id: number }).id;
    expect((await new Visitor(site).get(`/?p=${postId}`)).text).toContain(post.content);
  });

  it('keeps what is not its author out', async () => {
    const stranger = new Visitor(site);
    const refused = await stranger.post('/?rest_route=/wp/v2/posts', { ...post, status: 'publish' });
    expect(refused.status).toBe(401);
  });

  it('scales to five replicas behind the one port, which all give the post', async () => {
    await example.finish('scale', 'wordpress=5');
    expect(runningReplicas()).toBe(5);
    addHostPage();
    const read = await readFromEach(5);
    expect(read.size).toBe(5);
    for (const text of read.values()) expect(text).toContain(post.content);
  });

  it('still has the post when the database is in a new container', async () => {
    const before = example.ps().find(({ Service }) => Service === 'db');
    await example.finish('up', '-d', '--force-recreate', '--no-deps', 'db');
    const after = example.ps().find(({ Service }) => Service === 'db');
    expect(after?.ID).not.toBe(before?.ID);
    expect(runningReplicas()).toBe(5);
    await shows(`/?p=${postId}`, post.content);
    const read = await readFromEach(5);
    expect(read.size).toBe(5);
    for (const text of read.values()) expect(text).toContain(post.content);
  });
});
