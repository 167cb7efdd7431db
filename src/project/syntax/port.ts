// `[[IP:]HOST:]CONTAINER[/PROTOCOL]`, where HOST and CONTAINER may be ranges. Source: compose-spec 05-services.md, ports.

import { isIp } from '../../base/ip.ts';
import { FormatError } from './format-error.ts';

export interface PortSpec {
  readonly hostIp?: string;
  readonly target: number;
  /** A port, or a range to take the first free port from. */
  readonly published?: string;
  readonly protocol: string;
}

interface Range {
  readonly first: number;
  readonly last: number;
}

const forms = 'write CONTAINER, HOST:CONTAINER or IP:HOST:CONTAINER, with /udp at the end for UDP';

/** One spec per container port, sorted by the text of the port as Docker Compose sorts them. Throws FormatError. */
export function parsePort(text: string): PortSpec[] {
  const { ip, host, container } = splitPort(text);
  const [range = '', protocol = 'tcp', ...rest] = container.split('/');
  if (range === '' || rest.length > 0) throw new FormatError(`no container port in \`${text}\``, [forms]);
  const target = parseRange(range, 1);
  const published = host === '' ? undefined : parseRange(host, 0);
  if (published) checkLengths(target, published, range, host);
  const base = { ...(ip === '' ? {} : { hostIp: parseIp(ip) }), protocol: parseProtocol(protocol) };
  const specs: PortSpec[] = [];
  for (let port = target.first; port <= target.last; port++) {
    specs.push({ ...base, target: port, ...publishedFor(port, target, published) });
  }
  return specs.sort((a, b) => (`${a.target}/` < `${b.target}/` ? -1 : 1));
}

function splitPort(text: string): { ip: string; host: string; container: string } {
  const parts = text.split(':');
  const container = parts.pop() ?? '';
  const host = parts.pop() ?? '';
  return { ip: parts.join(':'), host, container };
}

function parseRange(text: string, lowest: number): Range {
  const match = /^(\d+)(?:-(\d+))?$/.exec(text);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  if (!match || last > 65535 || first < lowest) {
    throw new FormatError(`\`${text}\` is not a port`, [
      'ports are numbers from 1 to 65535, ranges FIRST-LAST',
      forms,
    ]);
  }
  if (last < first)
    throw new FormatError(`the port range \`${text}\` ends before it starts`, [`write ${last}-${first}`]);
  return { first, last };
}

function checkLengths(target: Range, published: Range, targetText: string, publishedText: string): void {
  const wanted = target.last - target.first;
  if (wanted > 0 && published.last - published.first !== wanted) {
    throw new FormatError(`the port ranges ${publishedText} and ${targetText} have different lengths`, [
      `to map ${targetText} one to one, publish ${published.first}-${published.first + wanted}`,
    ]);
  }
}

function publishedFor(port: number, target: Range, published: Range | undefined): { published?: string } {
  if (!published) return {};
  const first = published.first + (port - target.first);
  const isChoice = target.first === target.last && published.first !== published.last;
  return { published: isChoice ? `${first}-${published.last}` : String(first) };
}

function parseIp(text: string): string {
  const bare = /^\[.*\]$/.test(text) ? text.slice(1, -1) : text;
  if (!isIp(bare)) {
    throw new FormatError(`\`${text}\` is not an IP address`, [
      'the part before HOST:CONTAINER is an address of this host',
    ]);
  }
  return bare;
}

function parseProtocol(text: string): string {
  const protocol = text.toLowerCase();
  if (['tcp', 'udp', 'sctp'].includes(protocol)) return protocol;
  throw new FormatError(`\`${text}\` is not a protocol`, ['use tcp, udp or sctp']);
}
