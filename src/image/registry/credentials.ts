// Credentials of registries: from Docker's file, and from the helper programs that it names.

import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { TcError } from '../../base/error.ts';
import { ignoreAbsent } from '../content/files.ts';
import {
  type Credentials,
  type DockerConfig,
  emptyDockerConfig,
  findCredentials,
  findHelper,
  formatDockerConfig,
  parseDockerConfig,
  serverKey,
} from './docker-config.ts';
import type { RegistrySettings } from './settings.ts';

type Environment = RegistrySettings['environment'];

function dockerConfigPath(environment: Environment): string {
  const directory = environment['DOCKER_CONFIG'] || join(environment['HOME'] || homedir(), '.docker');
  return join(directory, 'config.json');
}

async function readDockerConfig(environment: Environment): Promise<DockerConfig> {
  const path = dockerConfigPath(environment);
  const text = await readFile(path, 'utf8').catch(ignoreAbsent);
  return text === undefined ? emptyDockerConfig : parseDockerConfig(text, path);
}

/** Undefined: nobody has logged in there. */
export async function readCredentials(
  host: string,
  environment: Environment,
): Promise<Credentials | undefined> {
  const config = await readDockerConfig(environment);
  const helper = findHelper(config, host);
  if (helper === undefined) return findCredentials(config, host);
  const answer = await runHelper(helper, 'get', serverKey(host), environment);
  return answer === undefined ? findCredentials(config, host) : parseHelperAnswer(answer, helper);
}

/** Into Docker's file, whose path is the answer, or to a helper. */
export async function storeCredentials(
  host: string,
  credentials: Credentials,
  environment: Environment,
): Promise<string | undefined> {
  const config = await readDockerConfig(environment);
  const helper = findHelper(config, host);
  if (helper === undefined) {
    await writeDockerConfig(config, host, credentials, environment);
    return dockerConfigPath(environment);
  }
  const { username, password, identityToken } = credentials;
  const Secret = identityToken ?? password;
  const Username = identityToken === undefined ? username : '<token>';
  await runHelper(
    helper,
    'store',
    JSON.stringify({ ServerURL: serverKey(host), Username, Secret }),
    environment,
  );
  return undefined;
}

export async function eraseCredentials(host: string, environment: Environment): Promise<void> {
  const config = await readDockerConfig(environment);
  const helper = findHelper(config, host);
  if (helper !== undefined) await runHelper(helper, 'erase', serverKey(host), environment);
  if (findCredentials(config, host) !== undefined)
    await writeDockerConfig(config, host, undefined, environment);
}

async function writeDockerConfig(
  config: DockerConfig,
  host: string,
  credentials: Credentials | undefined,
  environment: Environment,
): Promise<void> {
  const path = dockerConfigPath(environment);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, formatDockerConfig(config, host, credentials), { mode: 0o600 });
  await chmod(temporary, 0o600);
  await rename(temporary, path);
}

/** Undefined: the helper knows no credentials. The protocol is that of docker/docker-credential-helpers. */
async function runHelper(
  helper: string,
  action: 'get' | 'store' | 'erase',
  input: string,
  environment: Environment,
): Promise<string | undefined> {
  const { execa } = await import('execa');
  const program = `docker-credential-${helper}`;
  const result = await execa(program, [action], {
    input,
    env: { ...environment },
    reject: false,
    timeout: 30_000,
  });
  if (!result.failed) return result.stdout;
  const said = `${result.stdout}${result.stderr}`.trim();
  if (/credentials not found/i.test(said)) return undefined;
  throw new TcError(`the credential helper ${program} failed: ${said || result.shortMessage}`, {
    code: 'credential-helper-failed',
    kind: 'environment',
    hints: [
      'it is named in the config.json of Docker (credsStore, credHelpers); install it or take its name out',
    ],
    cause: result,
  });
}

function parseHelperAnswer(text: string, helper: string): Credentials {
  let answer: { Username?: unknown; Secret?: unknown };
  try {
    answer = JSON.parse(text);
  } catch {
    answer = {};
  }
  const { Username: username, Secret: secret } = answer;
  if (typeof username !== 'string' || typeof secret !== 'string') {
    throw new TcError(`the credential helper docker-credential-${helper} gave no user and secret`, {
      code: 'credential-helper-failed',
      kind: 'environment',
    });
  }
  if (username === '<token>') return { username: '', password: '', identityToken: secret };
  return { username, password: secret };
}
