import { describe, expect, it } from 'vitest';
import {
  formatHosts,
  formatResolverConfig,
  mergeResolverConfig,
  parseResolverConfig,
} from '../../../src/runtime/resolver-config.ts';

const text = `# by hand
domain old.example
nameserver 10.0.0.1 ; first
nameserver fd00::1
search a.example b.example
options timeout:1 edns0
sortlist 10.0.0.0
`;
const host = parseResolverConfig(text);

describe('parseResolverConfig', () => {
  it('reads servers, the last search list, options', () => {
    expect(host).toEqual({
      nameservers: ['10.0.0.1', 'fd00::1'],
      search: ['a.example', 'b.example'],
      options: ['timeout:1', 'edns0'],
    });
  });

  it('means the local machine where no server is named', () => {
    expect(parseResolverConfig('').nameservers).toEqual(['127.0.0.1']);
  });
});

describe('mergeResolverConfig', () => {
  it('replaces list by list', () => {
    expect(mergeResolverConfig(host, {})).toEqual(host);
    expect(
      mergeResolverConfig(host, { dns: ['9.9.9.9'], dns_search: ['c.example'], dns_opt: ['ndots:2'] }),
    ).toEqual({
      nameservers: ['9.9.9.9'],
      search: ['c.example'],
      options: ['ndots:2'],
    });
  });

  it('takes a dot for no search domain', () => {
    expect(mergeResolverConfig(host, { dns_search: ['.'] }).search).toEqual([]);
  });
});

describe('formatResolverConfig', () => {
  it("points at the container's own DNS", () => {
    expect(formatResolverConfig(host, true)).toBe(
      'nameserver 127.0.0.11\nsearch a.example b.example\noptions timeout:1 edns0 ndots:0\n',
    );
    expect(formatResolverConfig({ ...host, search: [], options: ['ndots:3'] }, true)).toBe(
      'nameserver 127.0.0.11\noptions ndots:3\n',
    );
  });

  it('reads back as it was, without it', () => {
    expect(parseResolverConfig(formatResolverConfig(host, false))).toEqual(host);
  });
});

describe('formatHosts', () => {
  const endpoint = { ipv4: '10.1.0.2/22', ipv6: 'fd00:1::2/64' } as never;

  it('names the container by its addresses', () => {
    const hosts = formatHosts({
      hostname: 'web',
      domainname: 'example.com',
      hasIpv6: false,
      extraHosts: ['db=10.9.9.9', 'six=[fd00::9]'],
      endpoints: [endpoint],
    });
    expect(hosts).toBe(
      [
        '127.0.0.1\tlocalhost',
        '10.9.9.9\tdb',
        'fd00::9\tsix',
        '10.1.0.2\tweb.example.com web',
        'fd00:1::2\tweb.example.com web',
        '',
      ].join('\n'),
    );
  });

  it('names it by what stands before the first dot, too', () => {
    const input = { hasIpv6: false, extraHosts: [], endpoints: [endpoint] };
    const own = (hostname: string, domainname?: string) =>
      /^10\.1\.0\.2\t(.*)$/m.exec(
        formatHosts({ ...input, hostname, ...(domainname && { domainname }) }),
      )?.[1];
    expect(own('web.example.com')).toBe('web.example.com web');
    expect(own('web.inner', 'example.com')).toBe('web.inner.example.com web.inner web');
    expect(own('web')).toBe('web');
  });

  it('knows the local names of IPv6 where there is any', () => {
    const hosts = formatHosts({ hostname: 'web', hasIpv6: true, extraHosts: [], endpoints: [] });
    expect(hosts).toContain('::1\tlocalhost ip6-localhost ip6-loopback\n');
    expect(hosts).toContain('ff02::2\tip6-allrouters\n');
  });
});
