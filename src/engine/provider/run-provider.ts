// Runs a provider to its end and collects what it says.

import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { TcError } from '../../base/error.ts';
import { formatArguments, nameVariable, type ProviderCall, parseMessage, parseMetadata } from './protocol.ts';

export interface ProviderRequest extends ProviderCall {
  readonly workingDir: string;
  /** One line of JSON: the service as `config` prints it. */
  readonly configuration: string;
  readonly signal: AbortSignal;
  onInfo(message: string): void;
}

/** Where the docker CLI looks for its plugins. */
const PLUGIN_DIRECTORIES = [
  join(homedir(), '.docker/cli-plugins'),
  ...['/usr/local/lib', '/usr/local/libexec', '/usr/lib', '/usr/libexec'].map(
    (at) => `${at}/docker/cli-plugins`,
  ),
];

/** The variables that it sets for those that depend on the service. */
export async function runProvider(request: ProviderRequest): Promise<Readonly<Record<string, string>>> {
  const program = findProgram(request);
  const metadata = parseMetadata(await readMetadata(program, request));
  const words = formatArguments(request, metadata);
  return words === undefined ? {} : converse(program, words, request);
}

function findProgram({ service, type, workingDir }: ProviderRequest): string {
  const path = (process.env['PATH'] ?? '').split(':').filter(Boolean);
  const candidates = type.includes('/')
    ? [resolve(workingDir, type)]
    : [
        ...PLUGIN_DIRECTORIES.map((directory) => join(directory, `docker-${type}`)),
        ...path.map((directory) => join(directory, type)),
      ];
  const found = candidates.find(isExecutable);
  if (found !== undefined) return found;
  throw new TcError(`service ${service}: there is no provider "${type}"`, {
    code: 'provider-missing',
    hints: ['install it: a program of that name in PATH, or a plugin docker-NAME of the docker CLI'],
  });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Nothing of what it says on its errors is shown: that it has no such command is no error. */
function readMetadata(program: string, { signal, workingDir }: ProviderRequest): Promise<string> {
  return new Promise((settle) => {
    const stdio = ['ignore', 'pipe', 'ignore'] as const;
    const child = spawn(program, ['compose', 'metadata'], { cwd: workingDir, signal, stdio: [...stdio] });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    child.on('error', () => settle(''));
    child.on('close', (code) => settle(code === 0 ? text : ''));
  });
}

async function converse(
  program: string,
  words: readonly string[],
  request: ProviderRequest,
): Promise<Record<string, string>> {
  const { signal, workingDir } = request;
  const child = spawn(program, words, { cwd: workingDir, signal, stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = new Promise<number | string>((settle, fail) => {
    child.on('error', fail);
    child.on('close', (code, killer) => settle(code ?? killer ?? 'nothing'));
  });
  // Whoever reads no answer closes its end.
  child.stdin.on('error', () => undefined);
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaints = `${complaints}${chunk.toString()}`.slice(-2000);
  });
  const variables: Record<string, string> = {};
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      if (line.trim() !== '') listen(line, request, variables, (answer) => child.stdin.write(answer));
    }
  } catch (error) {
    child.kill('SIGKILL');
    await ended.catch(() => undefined);
    throw error;
  }
  child.stdin.end();
  const code = await ended;
  if (code === 0) return variables;
  throw failed(request, `ended with ${code}`, complaints.trim().split('\n').slice(-3));
}

function listen(
  line: string,
  request: ProviderRequest,
  variables: Record<string, string>,
  answer: (text: string) => void,
): void {
  const message = parseMessage(line);
  switch (message?.type) {
    case undefined:
      throw failed(request, `said what is no message: ${line.slice(0, 200)}`, []);
    case 'error':
      throw failed(request, `says: ${message.message}`, []);
    case 'info':
      request.onInfo(message.message.split('\n')[0] ?? '');
      return;
    case 'get-service-config':
      answer(`${request.configuration}\n`);
      return;
    case 'setenv':
    case 'rawsetenv':
      variables[nameVariable(request.service, message)] = message.value;
      return;
    case 'debug':
      return;
  }
}

function failed({ service, type, command }: ProviderCall, what: string, output: readonly string[]): TcError {
  return new TcError(`service ${service}: provider "${type}" ${what}`, {
    code: 'provider-failed',
    kind: 'environment',
    hints: [
      ...output.filter(Boolean).map((line) => `it printed: ${line}`),
      `it was run as \`${type} compose ${command}\`: its own documentation says more`,
    ],
  });
}
