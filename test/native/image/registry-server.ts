// Debian's docker-registry on loopback: open, with basic authentication, with tokens, with TLS.

import { type ChildProcess, spawn } from 'node:child_process';
import { createPrivateKey, randomUUID, sign, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { run, type Sandbox } from './sandbox.ts';

export const user = { username: 'tester', password: 'correct horse' };

export interface RegistryServerOptions {
  readonly auth?: 'basic' | 'token';
  readonly tls?: boolean;
  readonly name?: string;
}

export class RegistryServer {
  /** `127.0.0.1:port`. */
  readonly host: string;
  readonly #process: ChildProcess;
  readonly #tokens: TokenServer | undefined;

  private constructor(host: string, process: ChildProcess, tokens: TokenServer | undefined) {
    this.host = host;
    this.#process = process;
    this.#tokens = tokens;
  }

  static async start(sandbox: Sandbox, options: RegistryServerOptions = {}): Promise<RegistryServer> {
    const name = options.name ?? 'registry';
    const certificates = options.tls || options.auth === 'token' ? makeCertificates(sandbox) : undefined;
    const tokens =
      options.auth === 'token' && certificates ? await TokenServer.start(certificates) : undefined;
    const config = {
      version: '0.1',
      log: { level: 'info', formatter: 'json', accesslog: { disabled: true } },
      storage: {
        filesystem: { rootdirectory: sandbox.makeDirectory(`${name}-data`) },
        delete: { enabled: true },
      },
      http: {
        addr: '127.0.0.1:0',
        ...(options.tls && certificates
          ? { tls: { certificate: certificates.cert, key: certificates.key } }
          : {}),
      },
      ...authentication(sandbox, options, tokens, certificates),
    };
    // JSON is YAML.
    const file = sandbox.write(`${name}.yml`, JSON.stringify(config));
    const child = spawn('docker-registry', ['serve', file], { stdio: ['ignore', 'ignore', 'pipe'] });
    const lines = createInterface({ input: child.stderr });
    const said: string[] = [];
    for await (const line of lines) {
      said.push(line);
      const found = /listening on (127\.0\.0\.1:\d+)/.exec(line);
      if (found?.[1]) {
        child.stderr.resume();
        return new RegistryServer(found[1], child, tokens);
      }
    }
    throw new Error(`docker-registry did not start:\n${said.join('\n')}`);
  }

  /** Scopes that were asked for, in the order of asking. */
  get askedScopes(): readonly string[] {
    return this.#tokens?.askedScopes ?? [];
  }

  async stop(): Promise<void> {
    this.#tokens?.stop();
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await ended;
  }
}

function authentication(
  sandbox: Sandbox,
  { auth }: RegistryServerOptions,
  tokens: TokenServer | undefined,
  certificates: Certificates | undefined,
): object {
  if (auth === 'basic') {
    const line = run('htpasswd', '-Bbn', user.username, user.password);
    return { auth: { htpasswd: { realm: 'test', path: sandbox.write('htpasswd', line) } } };
  }
  if (!tokens) return {};
  const token = {
    realm: tokens.realm,
    service: 'test',
    issuer: 'test issuer',
    rootcertbundle: certificates?.cert,
  };
  return { auth: { token } };
}

export interface Certificates {
  readonly cert: string;
  readonly key: string;
}

/** Self-signed, for 127.0.0.1. */
export function makeCertificates(sandbox: Sandbox, name = 'server'): Certificates {
  const [cert, key] = [sandbox.path(`${name}.crt`), sandbox.path(`${name}.key`)];
  run(
    'openssl',
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '2',
    '-subj',
    '/CN=test',
    '-addext',
    'subjectAltName=IP:127.0.0.1,DNS:registry.test',
    '-keyout',
    key,
    '-out',
    cert,
  );
  return { cert, key };
}

/** Gives bearer tokens as docker-registry checks them: JWT, signed with the key of the certificate it carries. */
class TokenServer {
  readonly askedScopes: string[] = [];
  readonly #server: Server;
  readonly #certificates: Certificates;

  private constructor(certificates: Certificates) {
    this.#certificates = certificates;
    this.#server = createServer((request, response) => {
      const url = new URL(request.url ?? '', 'http://x');
      const expected = `Basic ${Buffer.from(`${user.username}:${user.password}`).toString('base64')}`;
      if (request.headers.authorization !== undefined && request.headers.authorization !== expected) {
        response.writeHead(401).end();
        return;
      }
      const scopes = url.searchParams.getAll('scope');
      this.askedScopes.push(...scopes);
      // Without credentials there is only reading.
      const isAnonymous = request.headers.authorization === undefined;
      const token = this.#sign(scopes.map((scope) => parseScope(scope, isAnonymous)));
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ token, expires_in: 300 }));
    });
  }

  static async start(certificates: Certificates): Promise<TokenServer> {
    const server = new TokenServer(certificates);
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get realm(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/token`;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #sign(access: readonly object[]): string {
    const certificate = new X509Certificate(readFileSync(this.#certificates.cert));
    const now = Math.floor(Date.now() / 1000);
    const parts = [
      { typ: 'JWT', alg: 'RS256', x5c: [certificate.raw.toString('base64')] },
      {
        iss: 'test issuer',
        aud: 'test',
        sub: 'x',
        iat: now,
        nbf: now - 60,
        exp: now + 300,
        jti: randomUUID(),
        access,
      },
    ].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
    const key = createPrivateKey(readFileSync(this.#certificates.key));
    return [...parts, sign('sha256', Buffer.from(parts.join('.')), key).toString('base64url')].join('.');
  }
}

function parseScope(scope: string, isAnonymous: boolean): object {
  const [type, ...rest] = scope.split(':');
  const actions = (rest.pop() ?? '').split(',').filter((action) => !isAnonymous || action === 'pull');
  return { type, name: rest.join(':'), actions };
}
