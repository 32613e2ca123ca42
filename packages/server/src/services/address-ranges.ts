import { BlockList, isIPv4, isIPv6 } from 'node:net';

/** Whether a client address is one of the addresses, or in one of the ranges (CIDR). */
export function isInRanges(ip: string, ranges: readonly string[]): boolean {
  const plain = withoutMapping(ip);
  return ranges.some((range) => contains(range, plain));
}

/** Whether a range lies within another; an address is a range of one. */
export function isRangeWithin(inner: string, outer: string): boolean {
  const [address, bits] = split(inner);
  return bits >= split(outer)[1] && contains(outer, address);
}

/** Whether a range is of IPv4 addresses in the form of IPv6: as a range of IPv6 it would mean something else. */
export function isMappedRange(range: string): boolean {
  const [address] = split(range);
  return !isIPv4(address) && contains('::ffff:0:0/96', address);
}

function contains(range: string, ip: string): boolean {
  const [address, bits] = split(range);
  if (isIPv4(address) !== isIPv4(ip)) return false;
  const list = new BlockList();
  list.addSubnet(address, bits, familyOf(address));
  return list.check(ip, familyOf(ip));
}

function split(range: string): [address: string, bits: number] {
  const [address = '', bits] = range.split('/');
  return [address, bits === undefined ? (isIPv4(address) ? 32 : 128) : Number(bits)];
}

/** An IPv4 client of a server that listens on IPv6. */
function withoutMapping(ip: string): string {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)?.[1] ?? ip;
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv4(address) ? 'ipv4' : 'ipv6';
}

/** One subscriber has at least a /64 of IPv6, so that is what counts as one address. */
export function addressGroup(ip: string): string {
  if (!isIPv6(ip) || ip.startsWith('::ffff:')) return ip.replace(/^::ffff:/, '');
  const [head = '', tail] = ip.split('::');
  const groups = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const missing = tail === undefined ? 0 : 8 - groups.length - after.length;
  const all = [...groups, ...Array.from({ length: missing }, () => '0'), ...after];
  return `${all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}
