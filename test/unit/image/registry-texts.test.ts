// The pure parts of the registry client: challenges, Docker's config.json, endpoints, proxies, retries.

import { describe, expect, it } from 'vitest';
import { parseChallenges } from '../../../src/image/registry/challenge.ts';
import {
  emptyDockerConfig,
  findCredentials,
  findHelper,
  formatDockerConfig,
  parseDockerConfig,
} from '../../../src/image/registry/docker-config.ts';
import { isInsecureHost, listEndpoints } from '../../../src/image/registry/endpoint.ts';
import { chooseProxy, formatProxyAuthorization } from '../../../src/image/registry/proxy.ts';
import { RegistryError } from '../../../src/image/registry/response.ts';
import { planRetry } from '../../../src/image/registry/retry.ts';
import { NetworkError } from '../../../src/image/registry/transport.ts';

describe('challenges', () => {
  it('a bearer with quoted parameters', () => {
    const header =
      'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="a:b:pull,push"';
    expect(parseChallenges(header)).toEqual([
      {
        scheme: 'bearer',
        parameters: {
          realm: 'https://auth.docker.io/token',
          service: 'registry.docker.io',
          scope: 'a:b:pull,push',
        },
      },
    ]);
  });
  it('several, plain values, escapes, odd spacing', () => {
    const header = 'Basic realm="say \\"hi\\"" , BEARER  Realm = x ,service=y';
    expect(parseChallenges(header)).toEqual([
      { scheme: 'basic', parameters: { realm: 'say "hi"' } },
      { scheme: 'bearer', parameters: { realm: 'x', service: 'y' } },
    ]);
  });
  it('a scheme alone, and nothing', () => {
    expect(parseChallenges('Negotiate')).toEqual([{ scheme: 'negotiate', parameters: {} }]);
    expect(parseChallenges('')).toEqual([]);
  });
  it('ends on anything', () => {
    for (const header of ['"', '=', ',,,', 'a="', 'Bearer a="b" c', 'x'.repeat(100_000)])
      parseChallenges(header);
  });
});

describe("Docker's config.json", () => {
  const auth = Buffer.from('user:pass:word').toString('base64');

  it('has credentials under several spellings of a server', () => {
    const config = parseDockerConfig(
      JSON.stringify({
        auths: {
          'https://index.docker.io/v1/': { auth },
          'ghcr.io': { username: 'u', password: 'p' },
          'https://old.example/v1/': { auth },
          'azure.example': { identitytoken: 'token' },
          'empty.example': {},
        },
      }),
      'f',
    );
    expect(findCredentials(config, 'docker.io')).toEqual({ username: 'user', password: 'pass:word' });
    expect(findCredentials(config, 'ghcr.io')).toEqual({ username: 'u', password: 'p' });
    expect(findCredentials(config, 'old.example')?.username).toBe('user');
    expect(findCredentials(config, 'azure.example')?.identityToken).toBe('token');
    expect(findCredentials(config, 'empty.example')).toBeUndefined();
    expect(findCredentials(config, 'other.example')).toBeUndefined();
  });

  it('names helpers, for all servers or for one', () => {
    const config = parseDockerConfig('{"credsStore":"pass","credHelpers":{"gcr.io":"gcr"}}', 'f');
    expect(findHelper(config, 'gcr.io')).toBe('gcr');
    expect(findHelper(config, 'docker.io')).toBe('pass');
    expect(findHelper(emptyDockerConfig, 'docker.io')).toBeUndefined();
  });

  it('is written back with everything else that was in it', () => {
    const before = parseDockerConfig(
      '{"psFormat":"x","auths":{"https://a.example":{"auth":"eA=="},"b":{"auth":"eTp6"}}}'.replace(
        'eA==',
        'eDp5',
      ),
      'f',
    );
    const after = JSON.parse(formatDockerConfig(before, 'a.example', { username: 'n', password: 'w' }));
    expect(after).toEqual({ psFormat: 'x', auths: { b: { auth: 'eTp6' }, 'a.example': { auth: 'bjp3' } } });
    expect(JSON.parse(formatDockerConfig(before, 'a.example', undefined)).auths).toEqual({
      b: { auth: 'eTp6' },
    });
  });

  for (const text of ['', '[]', '{"auths":{"a":{"auth":"bm9jb2xvbg=="}}}', '{"credsStore":"../evil"}']) {
    it(`is refused as ${JSON.stringify(text)}`, () => {
      expect(() => parseDockerConfig(text, '/h/config.json')).toThrow(/\/h\/config\.json: /);
    });
  }
});

describe('endpoints', () => {
  const settings = { environment: {} };
  const bases = (...args: Parameters<typeof listEndpoints>) => listEndpoints(...args).map(({ base }) => base);

  it('Docker Hub has its API elsewhere', () => {
    expect(bases('docker.io', settings, 'pull')).toEqual(['https://registry-1.docker.io']);
  });
  it('mirrors come first, and for pulls only', () => {
    const mirrors = { 'docker.io': ['mirror.example', 'http://plain.example:5000/prefix/'] };
    expect(bases('docker.io', { ...settings, mirrors }, 'pull')).toEqual([
      'https://mirror.example',
      'http://plain.example:5000/prefix',
      'https://registry-1.docker.io',
    ]);
    expect(bases('docker.io', { ...settings, mirrors }, 'push')).toHaveLength(1);
    expect(() => listEndpoints('a', { ...settings, mirrors: { a: ['http://x y'] } }, 'pull')).toThrow(
      /mirror/,
    );
  });
  it('plain HTTP is for loopback and for what is named insecure', () => {
    expect(bases('localhost:5000', settings, 'pull')).toEqual([
      'https://localhost:5000',
      'http://localhost:5000',
    ]);
    expect(bases('reg.example', { ...settings, insecure: ['reg.example'] }, 'push')).toHaveLength(2);
    expect(bases('reg.example', settings, 'push')).toEqual(['https://reg.example']);
  });
  it('insecure hosts by name, by name and port, by range', () => {
    expect(isInsecureHost('127.8.9.10:5000', [])).toBe(true);
    expect(isInsecureHost('[::1]:5000', [])).toBe(true);
    expect(isInsecureHost('localhost.evil.example', [])).toBe(false);
    expect(isInsecureHost('127.0.0.1.evil.example', [])).toBe(false);
    expect(isInsecureHost('a.example:1', ['a.example:1'])).toBe(true);
    expect(isInsecureHost('a.example:2', ['a.example:1'])).toBe(false);
    expect(isInsecureHost('10.1.2.3:5000', ['10.0.0.0/8'])).toBe(true);
    expect(isInsecureHost('11.1.2.3', ['10.0.0.0/8'])).toBe(false);
    expect(isInsecureHost('9.9.9.9', ['0.0.0.0/0'])).toBe(true);
  });
});

describe('proxies', () => {
  const choose = (url: string, environment: Record<string, string>) =>
    chooseProxy(new URL(url), environment)?.href;

  it('by the scheme of the URL, in either case, with or without a scheme of their own', () => {
    expect(choose('https://a.example', { HTTPS_PROXY: 'http://p:1' })).toBe('http://p:1/');
    expect(choose('http://a.example', { http_proxy: 'p:2' })).toBe('http://p:2/');
    expect(choose('http://a.example', { HTTPS_PROXY: 'http://p:1' })).toBeUndefined();
    expect(choose('https://a.example', { ALL_PROXY: 'http://p:3' })).toBe('http://p:3/');
    expect(choose('https://a.example', {})).toBeUndefined();
  });
  it('not for loopback', () => {
    for (const host of ['localhost:1', '127.0.0.1', '[::1]']) {
      expect(choose(`https://${host}`, { HTTPS_PROXY: 'p' })).toBeUndefined();
    }
  });
  const list = '.corp.example, exact.example,*.star.example port.example:444 10.0.0.0/8';
  for (const [host, isProxied] of Object.entries({
    'a.corp.example': false,
    'corp.example': false,
    'exact.example': false,
    'sub.exact.example': false,
    'notexact.example': true,
    'x.star.example': false,
    'port.example': true,
    'port.example:444': false,
    '10.2.3.4': false,
    '11.2.3.4': true,
  })) {
    it(`NO_PROXY ${isProxied ? 'leaves' : 'takes out'} ${host}`, () => {
      expect(choose(`https://${host}`, { HTTPS_PROXY: 'p', NO_PROXY: list }) !== undefined).toBe(isProxied);
    });
  }
  it('NO_PROXY=* takes out everything', () => {
    expect(choose('https://a', { HTTPS_PROXY: 'p', no_proxy: '*' })).toBeUndefined();
  });
  it('with a user', () => {
    expect(formatProxyAuthorization(new URL('http://us%40er:p%3Aw@p:1'))).toBe(
      `Basic ${Buffer.from('us@er:p:w').toString('base64')}`,
    );
  });
});

describe('retries', () => {
  const policy = { most: 5, delayMs: 100 };
  const status = (code: number, retryAfterMs?: number) =>
    new RegistryError('x', { code: 'x', status: code, hints: [], retryAfterMs });

  it('back off', () => {
    const delays = [1, 2, 3, 4, 5, 6].map((attempt) => planRetry(status(503), attempt, policy)?.delayMs);
    expect(delays).toEqual([100, 200, 400, 800, 1600, undefined]);
  });
  it('wait as long as they are told, within reason', () => {
    expect(planRetry(status(429, 3000), 1, policy)?.delayMs).toBe(3000);
    expect(planRetry(status(429, 3_600_000), 1, policy)).toBeUndefined();
  });
  for (const code of [400, 401, 403, 404, 416]) {
    it(`do not follow ${code}`, () => expect(planRetry(status(code), 1, policy)).toBeUndefined());
  }
  it('do not follow a bad certificate, nor a bug', () => {
    expect(planRetry(new NetworkError('x', 'DEPTH_ZERO_SELF_SIGNED_CERT'), 1, policy)).toBeUndefined();
    expect(planRetry(new TypeError('x'), 1, policy)).toBeUndefined();
  });
  it('follow a broken connection often, silence once', () => {
    expect(planRetry(new NetworkError('x', 'ECONNRESET'), 5, policy)).toBeDefined();
    expect(planRetry(new NetworkError('x', 'ETIMEDOUT'), 1, policy)).toBeDefined();
    expect(planRetry(new NetworkError('x', 'ETIMEDOUT'), 2, policy)).toBeUndefined();
  });
});
