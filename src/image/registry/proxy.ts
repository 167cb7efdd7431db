// Which proxy a URL is reached through: HTTP_PROXY, HTTPS_PROXY and NO_PROXY in either case, read as Go and curl do.

import { isIP } from 'node:net';

type Environment = Readonly<Record<string, string | undefined>>;

/** Undefined: directly. */
export function chooseProxy(url: URL, environment: Environment): URL | undefined {
  const get = (name: string) => environment[name.toLowerCase()] || environment[name];
  const text = get(url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY') || get('ALL_PROXY');
  if (!text || isExcluded(url, get('NO_PROXY') ?? '')) return undefined;
  const proxy = text.includes('://') ? text : `http://${text}`;
  return URL.canParse(proxy) ? new URL(proxy) : undefined;
}

function isExcluded(url: URL, list: string): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  if (host === 'localhost' || host === '::1' || host.startsWith('127.')) return true;
  return list
    .split(/[,\s]+/)
    .filter((each) => each !== '')
    .some((each) => matches(host, port, each.toLowerCase()));
}

function matches(host: string, port: string, pattern: string): boolean {
  if (pattern === '*') return true;
  const [name = '', wantedPort] = isIP(pattern) ? [pattern] : pattern.split(':');
  if (wantedPort !== undefined && wantedPort !== port) return false;
  if (name.includes('/')) return isInNetwork(host, name);
  const domain = name.replace(/^\*?\./, '');
  return host === domain || host.endsWith(`.${domain}`);
}

function isInNetwork(host: string, network: string): boolean {
  const [base = '', bits = ''] = network.split('/');
  if (isIP(host) !== 4 || isIP(base) !== 4 || !/^[0-9]{1,2}$/.test(bits)) return false;
  const number = (text: string) => text.split('.').reduce((value, part) => value * 256 + Number(part), 0);
  const shift = 2 ** (32 - Number(bits));
  return Math.floor(number(host) / shift) === Math.floor(number(base) / shift);
}

/** Value of Proxy-Authorization, if the proxy's URL has a user. */
export function formatProxyAuthorization(proxy: URL): string | undefined {
  if (proxy.username === '') return undefined;
  const pair = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}
