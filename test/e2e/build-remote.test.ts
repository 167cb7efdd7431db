// What a build gets from elsewhere: files by URL, Git repositories, keys of an SSH agent.

import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runBeside } from './registry-scene.ts';
import { eventually, Scenario } from './scenario.ts';

const base = `FROM scratch
COPY busybox /bin/busybox
RUN ["/bin/busybox", "--install", "-s", "/bin"]
ENV PATH=/bin
`;

let scenario: Scenario;
const closing: (() => Promise<unknown>)[] = [];

beforeEach(() => {
  scenario = new Scenario({ 'compose.yaml': 'services:\n  web: {build: .}\n', Dockerfile: base });
  copyFileSync('/bin/busybox', join(scenario.directory, 'busybox'));
});

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  expect(await scenario.leftovers()).toEqual({});
  scenario.dispose();
});

async function build(lines: string, ...args: string[]): Promise<string> {
  scenario.write('Dockerfile', `${base}${lines}`);
  const { status, stderr } = await runBeside(scenario, 'build', ...args);
  if (status !== 0) throw new Error(stderr);
  return stderr;
}

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server: Server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('ADD of a URL', () => {
  const content = 'served\n';
  const checksum = `sha256:${createHash('sha256').update(content).digest('hex')}`;

  const serveFile = () =>
    serve((request, response) => {
      if (request.url === '/moved') response.writeHead(302, { location: '/file.txt' }).end();
      else if (request.url === '/file.txt')
        response.writeHead(200, { 'last-modified': 'Sat, 01 Jan 2000 00:00:00 GMT' }).end(content);
      else response.writeHead(404).end();
    });

  it('gets the file, follows redirects, and checks the sum', async () => {
    const host = await serveFile();
    const output = await build(
      `ADD --checksum=${checksum} http://${host}/file.txt /x\nADD --chmod=640 http://${host}/moved /d/\nRUN cat /x && stat -c '%a %u %Y' /x /d/moved\n`,
    );
    expect(output).toContain(' served\n');
    expect(output).toContain(' 600 0 946684800\n');
    expect(output).toContain(' 640 0 946684800\n');
  });

  it('refuses another content, and what is not there', async () => {
    const host = await serveFile();
    const other = `sha256:${'0'.repeat(64)}`;
    await expect(build(`ADD --checksum=${other} http://${host}/file.txt /x\n`)).rejects.toThrow(
      `has the check sum ${checksum}`,
    );
    await expect(build(`ADD http://${host}/gone /x\n`)).rejects.toThrow('the server answers 404');
  });

  it('goes through the proxy of the environment, or of the arguments', async () => {
    const asked: string[] = [];
    const proxy = await serve((request, response) => {
      asked.push(request.url ?? '');
      response.end(content);
    });
    const argument = ['--build-arg', `http_proxy=http://${proxy}`];
    await build('ADD http://files.invalid/one /x\nRUN cat /x\n', ...argument);
    scenario.environment.HTTP_PROXY = `http://${proxy}`;
    await build('ADD http://files.invalid/two /y\nRUN cat /y\n');
    expect(asked).toEqual(['http://files.invalid/one', 'http://files.invalid/two']);
  });
});

describe('ADD of a Git repository', () => {
  const daemon = '/usr/lib/git-core/git-daemon';

  it.skipIf(!existsSync(daemon))('gets a branch, a directory, and checks the commit', async () => {
    const directory = join(scenario.directory, '../repositories');
    const git = (...args: string[]) =>
      execFileSync('git', ['-C', join(directory, 'work'), ...args], {
        env: {
          ...process.env,
          ...{
            GIT_AUTHOR_NAME: 'a',
            GIT_AUTHOR_EMAIL: 'a@b',
            GIT_COMMITTER_NAME: 'a',
            GIT_COMMITTER_EMAIL: 'a@b',
          },
        },
        encoding: 'utf8',
      }).trim();
    mkdirSync(join(directory, 'work/sub'), { recursive: true });
    writeFileSync(join(directory, 'work/sub/f'), 'from git\n');
    git('init', '--quiet', '--initial-branch=main');
    git('add', '.');
    git('commit', '--quiet', '--message=first');
    git('branch', 'other');
    const commit = git('rev-parse', 'HEAD');
    execFileSync('git', ['clone', '--quiet', '--bare', join(directory, 'work'), join(directory, 'it.git')]);
    const host = await startDaemon(directory);
    const url = `git://${host}/it.git`;
    const output = await build(
      `ADD ${url}#other /all\nADD --keep-git-dir=true --checksum=${commit} ${url}#main:sub /sub\nRUN cat /all/sub/f /sub/f && ls -a /all\n`,
    );
    expect(output.match(/ from git\n/g)).toHaveLength(2);
    expect(output).not.toMatch(/ \.git\n/);
    await expect(build(`ADD --checksum=${'0'.repeat(40)} ${url} /x\n`)).rejects.toThrow('has the check sum');
    await expect(build(`ADD ${url}#nowhere /x\n`)).rejects.toThrow('cannot be fetched');
  });

  /** A daemon for each connection: the port is never free for somebody else to take. */
  async function startDaemon(directory: string): Promise<string> {
    const args = ['--inetd', '--export-all', `--base-path=${directory}`, directory];
    const server = createTcpServer({ pauseOnConnect: true }, (socket) => {
      spawn(daemon, args, { stdio: [socket, socket, 'ignore'] });
      // The daemon has its own copy.
      socket.destroy();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    closing.push(async () => server.close());
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
});

describe('RUN --mount=type=ssh', () => {
  const programs = ['/usr/bin/ssh-agent', '/usr/bin/ssh-add', '/usr/bin/ssh-keygen'];

  it.skipIf(!programs.every((program) => existsSync(program)))(
    'reaches the agent of the caller',
    async () => {
      const key = join(scenario.directory, '../key');
      const socket = join(scenario.directory, '../agent');
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'of the test', '-f', key]);
      const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
      closing.push(async () => {
        agent.kill('SIGTERM');
        await once(agent, 'exit');
      });
      const env = { ...process.env, SSH_AUTH_SOCK: socket };
      await eventually(
        'the agent has the key',
        () => spawnSync('ssh-add', ['-q', key], { env, stdio: 'ignore' }).status === 0,
      );
      const [, fingerprint = ''] = execFileSync('ssh-keygen', ['-lf', key], { encoding: 'utf8' }).split(' ');
      copyWithLibraries('/usr/bin/ssh-add');
      scenario.write('root/etc/passwd', 'root:x:0:0:root:/:/bin/sh\n');
      scenario.environment.SSH_AUTH_SOCK = socket;
      const lines = `COPY root /\nRUN --mount=type=ssh ssh-add -l && stat -c '%a %u' $SSH_AUTH_SOCK\nRUN ! ls /run/buildkit\n`;
      const output = await build(lines, '--ssh', 'default');
      expect(output).toContain(fingerprint);
      expect(output).toContain(' 600 0\n');
      expect(output).not.toContain(socket);
    },
  );

  function copyWithLibraries(program: string): void {
    const listed = execFileSync('ldd', [program], { encoding: 'utf8' });
    const libraries = [...listed.matchAll(/(\/\S+) \(0x/g)].map(([, file = '']) => file);
    for (const file of [program, ...libraries]) {
      const target = join(scenario.directory, 'root', file === program ? 'bin/ssh-add' : file);
      mkdirSync(dirname(target), { recursive: true });
      copyFileSync(file, target);
    }
  }
});
