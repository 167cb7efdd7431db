import { readSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Container, native, Sandbox } from './sandbox.ts';

let sandbox: Sandbox;
let container: Container;
beforeAll(async () => {
  sandbox = new Sandbox();
  container = await sandbox.run('exec sleep 1000');
});
afterAll(() => sandbox.dispose());

interface Result {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

function drain(fd: number): string {
  const chunks: Buffer[] = [];
  const chunk = Buffer.alloc(65536);
  for (let got = readSync(fd, chunk); got > 0; got = readSync(fd, chunk))
    chunks.push(Buffer.from(chunk.subarray(0, got)));
  return Buffer.concat(chunks).toString();
}

async function exec(args: string[], process: object = {}): Promise<Result> {
  const [input, output, errors] = [native.pipe(), native.pipe(), native.pipe()];
  const control = container.control();
  control.send(
    {
      op: 'exec',
      process: { args, env: ['PATH=/bin'], cwd: '/', terminal: false, privileged: false, ...process },
    },
    [input.read, output.write, errors.write],
  );
  for (const fd of [input.read, input.write, output.write, errors.write]) native.close(fd);
  try {
    const { message } = await control.receive();
    if (message.error) throw Object.assign(new Error(message.error.message), message.error);
    const { exitCode } = await control.next();
    return { exitCode, stdout: drain(output.read), stderr: drain(errors.read) };
  } finally {
    for (const fd of [output.read, errors.read]) native.close(fd);
    control.close();
  }
}

describe('exec', () => {
  it('runs in the namespaces of the container with the descriptors it was given', async () => {
    const result = await exec(['sh', '-c', 'echo out; echo err >&2; cat; exit 4']);
    expect(result).toEqual({ exitCode: 4, stdout: 'out\n', stderr: 'err\n' });
    const pids = await exec(['sh', '-c', 'cat /proc/1/cmdline; ls /proc/self/fd']);
    expect(pids.stdout).toContain('sleep\x001000');
  });

  it('fails as the shell would', async () => {
    await expect(exec(['nothing'])).rejects.toMatchObject({ exitCode: 127, errno: 'ENOENT' });
    await expect(exec(['/etc/passwd'])).rejects.toMatchObject({ exitCode: 126, errno: 'EACCES' });
    await expect(exec(['true'], { cwd: '/proc/self/fd/3' })).rejects.toMatchObject({ step: 'cwd' });
    await expect(exec(['true'], { user: 'nobody-here' })).rejects.toMatchObject({ step: 'user' });
  });

  it('takes another user, with the groups that the container gives it', async () => {
    expect((await exec(['id'], { user: 'app' })).stdout).toBe(
      'uid=1000(app) gid=1000(app) groups=1000(app),2000(data)\n',
    );
    expect((await exec(['id'], { user: '1234:3000' })).stdout).toBe(
      'uid=1234 gid=3000(extra) groups=3000(extra)\n',
    );
  });
});
