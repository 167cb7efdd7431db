// Ports of EXPOSE: `80`, `53/udp`, `8000-8010/tcp`. Pure.

const largestPort = 65535;

/** One `port/protocol` each; undefined if the text is none. An address and a host port are let pass, and mean nothing. */
export function parseExposed(text: string): string[] | undefined {
  const [, range = '', protocol = 'tcp'] = /^(?:.*:)?([^:/]+)(?:\/([a-z]+))?$/i.exec(text) ?? [];
  const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(range) ?? [];
  const from = Number(first);
  const to = Number(last);
  const lower = protocol.toLowerCase();
  if (first === undefined || from > to || to > largestPort || !['tcp', 'udp', 'sctp'].includes(lower)) {
    return undefined;
  }
  return Array.from({ length: to - from + 1 }, (_, index) => `${from + index}/${lower}`);
}
