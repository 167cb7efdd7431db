import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../e2e/scenario.ts';
import { type Container, Lab, type LabNetwork, type Upstream } from './lab.ts';

interface Answer {
  readonly status: string;
  readonly flags: readonly string[];
  readonly records: readonly string[];
}

/** Asks with dig, without its habit of trying again. */
async function dig(container: Container, query: string): Promise<Answer> {
  const { stdout } = await container.run(
    `dig @127.0.0.11 +tries=1 +time=15 +noall +comments +answer ${query}`,
  );
  return {
    status: /status: (\w+)/.exec(stdout)?.[1] ?? `no answer: ${stdout}`,
    flags: /flags: ([\w ]*);/.exec(stdout)?.[1]?.split(' ') ?? [],
    records: stdout
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith(';'))
      .map((line) => line.split(/\s+/).slice(3).join(' '))
      .sort(),
  };
}

const none = { status: 'NOERROR', records: [] };
const unknown = { status: 'NXDOMAIN', records: [] };
const found = (...records: string[]) => ({ status: 'NOERROR', records });

describe('names of the own networks', () => {
  let lab: Lab;
  let front: LabNetwork;
  let back: LabNetwork;
  let web: Container;
  let other: Container;
  let upstream: Upstream;

  const names = [
    ...Array.from({ length: 11 }, (_, i) => `gone${i} 10.201.1.${i} - shop-gone-${i} gone`),
    'w 10.201.1.11 - shop-web-1 web,www.example.com',
    'd 10.201.1.12 fd00:201:1::12 shop-db-1 db,both',
    's 10.201.1.13 - shop-stopped-1 stopped',
    ...Array.from({ length: 60 }, (_, i) => `m${i} 10.201.1.${100 + i} - shop-many-${i} many`),
  ];

  beforeAll(async () => {
    lab = await Lab.open();
    front = await lab.network(1);
    back = await lab.network(2);
    lab.writeNames(front, names);
    lab.writeNames(back, ['a 10.201.2.20 - shop-api-1 api,both', 'b 10.201.2.21 - shop-api-2 api']);
    upstream = await lab.upstream('127.0.0.21', 'good');
    const networks = [
      { network: front, number: 11 },
      { network: back, number: 22 },
    ];
    web = await lab.container({ name: 'web', networks, dns: ['127.0.0.21'], links: { Store: 'db' } });
    other = await lab.container({
      name: 'other',
      networks: [{ network: back, number: 23 }],
      dns: ['127.0.0.21'],
    });
    for (const slot of [11, 12, ...Array.from({ length: 60 }, (_, i) => 14 + i)])
      lab.setState(front, slot, 1);
    for (const slot of [0, 1]) lab.setState(back, slot, 1);
  });

  afterAll(() => lab.close());

  it('are service names, aliases and container names, in any case', async () => {
    for (const name of ['web', 'WEB', 'www.Example.com', 'shop-web-1', 'web.']) {
      expect(await dig(web, name), name).toMatchObject(found('A 10.201.1.11'));
    }
  });

  it('of containers may be spelled with dashes or underscores, others may not', async () => {
    for (const name of ['shop_web_1', 'shop-web_1']) {
      expect(await dig(web, name), name).toMatchObject(found('A 10.201.1.11'));
    }
    expect(await dig(web, 'www_example.com')).toMatchObject(found('A 203.0.113.9'));
  });

  it('are known to the members of the network only', async () => {
    expect(await dig(web, 'api')).toMatchObject(found('A 10.201.2.20', 'A 10.201.2.21'));
    expect(await dig(other, 'api')).toMatchObject(found('A 10.201.2.20', 'A 10.201.2.21'));
    expect(await dig(other, 'web')).toMatchObject(found('A 203.0.113.9'));
  });

  it('that several networks know come from the first', async () => {
    expect(await dig(web, 'both')).toMatchObject(found('A 10.201.1.12'));
    expect(await dig(other, 'both')).toMatchObject(found('A 10.201.2.20'));
  });

  it('of links are seen by the container that has them', async () => {
    expect(await dig(web, 'store')).toMatchObject(found('A 10.201.1.12'));
    expect(await dig(other, 'store')).toMatchObject(found('A 203.0.113.9'));
  });

  it('have the types of address that the endpoint has, and no others; nobody else is asked', async () => {
    await upstream.names();
    expect(await dig(web, 'db AAAA')).toMatchObject(found('AAAA fd00:201:1::12'));
    expect(await dig(web, 'db ANY')).toMatchObject(found('A 10.201.1.12', 'AAAA fd00:201:1::12'));
    for (const query of ['web AAAA', 'web MX', 'web TXT', 'web SRV', 'web HTTPS', 'www.example.com AAAA']) {
      expect(await dig(web, query), query).toMatchObject(none);
    }
    expect(await upstream.names()).toEqual([]);
  });

  it('of containers that do not run do not exist; nobody else is asked', async () => {
    await upstream.names();
    expect(await dig(web, 'stopped')).toMatchObject(unknown);
    expect(await dig(web, 'shop-stopped-1 AAAA')).toMatchObject(unknown);
    expect(await upstream.names()).toEqual([]);
    lab.setState(front, 13, 1);
    expect(await dig(web, 'stopped')).toMatchObject(found('A 10.201.1.13'));
    lab.setState(front, 13, 0);
    expect(await dig(web, 'stopped')).toMatchObject(unknown);
  });

  it('are found by address', async () => {
    expect(await dig(web, '-x 10.201.1.11')).toMatchObject(found('PTR shop-web-1.'));
    expect(await dig(web, '-x 10.201.2.21')).toMatchObject(found('PTR shop-api-2.'));
    expect(await dig(web, '-x fd00:201:1::12')).toMatchObject(found('PTR shop-db-1.'));
    await upstream.names();
    expect(await dig(web, '-x 10.201.1.77')).toMatchObject(unknown);
    expect(await upstream.names()).toEqual([]);
    await dig(web, '-x 192.0.2.1');
    expect(await upstream.names()).toEqual(['udp 1.2.0.192.in-addr.arpa']);
  });

  it('that are new, or gone, are noticed at once', async () => {
    lab.writeNames(front, [
      ...names.slice(0, 11),
      'w 10.201.1.99 - shop-web-9 web,fresh',
      ...names.slice(12),
    ]);
    expect(await dig(web, 'fresh')).toMatchObject(found('A 10.201.1.99'));
    expect(await dig(web, 'shop-web-1')).toMatchObject(found('A 203.0.113.9'));
    lab.writeNames(front, names);
    expect(await dig(web, 'web')).toMatchObject(found('A 10.201.1.11'));
  });

  it('of many come in random order', async () => {
    const firsts = new Set<string>();
    for (let i = 0; i < 30; i += 1) firsts.add(await web.output('dig @127.0.0.11 +short many | head -1'));
    expect(firsts.size).toBeGreaterThan(10);
  });

  it('of too many for the client are truncated, and complete over TCP', async () => {
    const small = await dig(web, '+noedns +ignore many');
    expect(small.flags).toContain('tc');
    expect(small.records.length).toBeLessThan(31);
    expect((await dig(web, '+bufsize=4096 many')).records).toHaveLength(60);
    expect((await dig(web, '+noedns many')).records).toHaveLength(60);
    expect((await dig(web, '+tcp many')).records).toHaveLength(60);
  });

  it('are answered as an untruncated, recursive server does', async () => {
    expect((await dig(web, 'web')).flags).toEqual(['qr', 'rd', 'ra']);
    expect(await web.output('dig @127.0.0.11 +noall +answer +ttlid web')).toMatch(/^web\.\s+[01]\s+IN\s+A/);
  });

  it('mean those who were there before a newcomer, and him by his own name or where there is nobody else', async () => {
    expect((await dig(web, 'api')).records.toSorted()).toEqual(['A 10.201.2.20', 'A 10.201.2.21']);
    try {
      lab.setState(back, 1, 2);
      expect(await dig(web, 'api')).toMatchObject(found('A 10.201.2.20'));
      expect(await dig(web, 'shop-api-2')).toMatchObject(found('A 10.201.2.21'));
      expect(await dig(web, '-x 10.201.2.21')).toMatchObject(found('PTR shop-api-2.'));
      lab.setState(back, 0, 0);
      expect(await dig(web, 'api')).toMatchObject(found('A 10.201.2.21'));
    } finally {
      for (const slot of [0, 1]) lab.setState(back, slot, 1);
    }
  });

  it('leave port 53 to the container', async () => {
    await web.startScript('upstream.mjs', '0.0.0.0', 'nxdomain');
    expect(await web.output('dig @10.201.1.11 +noall +comments web')).toContain('NXDOMAIN');
    expect(await dig(web, 'web')).toMatchObject(found('A 10.201.1.11'));
  });

  it('are answered again after the network child ended', async () => {
    await web.restartChild();
    expect(await dig(web, 'web')).toMatchObject(found('A 10.201.1.11'));
    expect(await dig(web, '+tcp web')).toMatchObject(found('A 10.201.1.11'));
  });

  it('are refused to whoever asks nonsense', async () => {
    expect((await dig(web, '+opcode=4 web')).status).toBe('NOTIMP');
    expect((await dig(web, '+edns=7 +noednsneg web')).status).toBe('BADVERS');
    expect(await dig(web, '+ednsopt=65001:0102030405 web')).toMatchObject(found('A 10.201.1.11'));
    const formErr = `node -e "const s=require('dgram').createSocket('udp4');s.on('message',(m)=>{console.log(m[3]&15);s.close()});s.send(Buffer.from('123401000002000000000000','hex'),53,'127.0.0.11')"`;
    expect(await web.output(formErr)).toBe('1');
  });
});

describe('other names', () => {
  let lab: Lab;
  let network: LabNetwork;
  const upstreams = new Map<string, Upstream>();

  const manners = ['good', 'servfail', 'refused', 'nxdomain', 'silent', 'big', 'forge', 'empty'];
  const address = (manner: string) =>
    manner === 'nobody' ? '127.0.0.99' : `127.0.0.${30 + manners.indexOf(manner)}`;
  const asked = async (manner: string) => (await upstreams.get(manner)?.names()) ?? [];
  let next = 11;
  const client = (...resolvers: string[]) => {
    const number = next++;
    return lab.container({
      name: `c${number}`,
      networks: [{ network, number }],
      dns: resolvers.map(address),
    });
  };

  beforeAll(async () => {
    lab = await Lab.open();
    network = await lab.network(1);
    for (const manner of manners) upstreams.set(manner, await lab.upstream(address(manner), manner));
  });

  afterAll(() => lab.close());

  it('are asked of the first resolver that can tell, by the protocol the question came by', async () => {
    for (const first of ['good', 'servfail', 'refused', 'nobody']) {
      const container = await client(first, 'good');
      expect(await dig(container, `${first}.example`), first).toMatchObject(found('A 203.0.113.9'));
      expect(await dig(container, `+tcp ${first}.example`), first).toMatchObject(found('A 203.0.113.9'));
      expect(await asked('good')).toEqual([`udp ${first}.example`, `tcp ${first}.example`]);
    }
  });

  it('that do not exist do not exist, whatever the next one might say', async () => {
    const container = await client('nxdomain', 'good');
    expect(await dig(container, 'x.example')).toMatchObject(unknown);
    expect(await dig(await client('empty', 'good'), 'x.example')).toMatchObject(none);
    expect(await asked('good')).toEqual([]);
  });

  it('get the last answer where nobody can tell', async () => {
    expect((await dig(await client('servfail', 'refused'), 'x.example')).status).toBe('REFUSED');
    expect((await dig(await client('nobody'), 'x.example')).status).toBe('SERVFAIL');
    expect((await dig(await client('nobody'), '+tcp x.example')).status).toBe('SERVFAIL');
  });

  it('are asked of the next resolver after one that is silent', async () => {
    const container = await client('silent', 'good');
    expect(await dig(container, 'x.example')).toMatchObject(found('A 203.0.113.9'));
    expect(await asked('silent')).toEqual(['udp x.example']);
  });

  it('are not believed from whoever answers another question', async () => {
    expect(await dig(await client('forge'), 'x.example')).toMatchObject(found('A 203.0.113.9'));
  });

  it('with long answers come truncated, then by TCP', async () => {
    const container = await client('big');
    expect((await dig(container, '+ignore x.example')).flags).toContain('tc');
    expect((await dig(container, 'x.example')).records).toHaveLength(300);
  });

  it('are asked with unpredictable ids and ports', async () => {
    const container = await client('good');
    await asked('good');
    await container.output(`dig @127.0.0.11 ${'q.example '.repeat(40)} +short`);
    const lines = (await upstreams.get('good')?.questions()) ?? [];
    expect(new Set(lines.map((line) => line.split(' ')[2])).size).toBeGreaterThan(35);
    expect(new Set(lines.map((line) => line.split(' ')[3])).size).toBeGreaterThan(35);
  });

  it('are not asked at all of a network without a way out', async () => {
    const container = await client();
    expect((await dig(container, 'x.example')).status).toBe('SERVFAIL');
    expect(await dig(container, 'x')).toMatchObject(unknown);
  });

  it('are refused beyond what a container may have in flight, and served again afterwards', async () => {
    const container = await client('silent');
    const flood = `node -e "
      const dns = require('dgram').createSocket('udp4');
      const q = Buffer.from('0000010000010000000000000178076578616d706c650000010001', 'hex');
      const codes = {};
      const tell = () => { console.log(JSON.stringify(codes)); process.exit(); };
      dns.on('message', (m) => {
        codes[m[3] & 15] = (codes[m[3] & 15] ?? 0) + 1;
        if (codes[5] > 100) tell();
      });
      for (let i = 0; i < 300; i++) { q.writeUInt16BE(i, 0); dns.send(q, 53, '127.0.0.11'); }
      setTimeout(tell, 20000);"`;
    expect(JSON.parse(await container.output(flood))['5']).toBeGreaterThan(100);
    const status = await eventually('there is room again', async () => {
      const answer = await dig(container, 'x.example');
      return answer.status === 'REFUSED' ? undefined : answer.status;
    });
    expect(status).toBe('SERVFAIL');
    expect(await container.ask('child-status')).toBe('alive');
  });
});
