// IP addresses as text.

const octet = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const ipv4 = new RegExp(`^(?:${octet}\\.){3}${octet}$`);
const group = /^[0-9a-fA-F]{1,4}$/;

export function isIpv4(text: string): boolean {
  return ipv4.test(text);
}

/** RFC 4291 §2.2: eight groups, one run of zeros as `::`, the last two groups perhaps as an IPv4 address. */
export function isIpv6(text: string): boolean {
  const halves = text.split('::');
  if (halves.length > 2 || text.includes(':::')) return false;
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  const last = groups.at(-1);
  const hasIpv4 = last?.includes('.') ?? false;
  if (hasIpv4 && !isIpv4(groups.pop() ?? '')) return false;
  const count = groups.length + (hasIpv4 ? 2 : 0);
  return groups.every((part) => group.test(part)) && (halves.length === 2 ? count < 8 : count === 8);
}

export function isIp(text: string): boolean {
  return isIpv4(text) || isIpv6(text);
}
