import { isIPv4, isIPv6 } from 'node:net';

/**
 * What counts as one place when things are counted by address: an IPv4 address, or the /64 of an IPv6 address, all of which one
 * subscriber usually has (RFC 6177). An IPv4 address written as IPv6 (`::ffff:192.0.2.1`) is the former. What is no address is
 * returned as it is.
 */
export function networkOf(address: string): string {
  const plain = address.replace(/%.*$/, '').toLowerCase();
  const mapped = /^(?:0*:)*:?ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(plain)?.[1];
  if (mapped !== undefined && isIPv4(mapped)) return mapped;
  if (!isIPv6(plain)) return address;
  const [before = '', after] = plain.split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':'));
  const head = groups(before);
  const tail = groups(after ?? '');
  // A tail in dotted notation is two groups long.
  const length = head.length + tail.length + (plain.includes('.') ? 1 : 0);
  const all = [...head, ...Array.from({ length: after === undefined ? 0 : 8 - length }, () => '0'), ...tail];
  const network = all.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${network.join(':')}::/64`;
}
