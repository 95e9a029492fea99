import { isIPv6 } from 'node:net';

/**
 * What a limit by address counts together: an IPv4 address, or the /64 network of an IPv6 one, as each customer has at least that many
 * addresses to himself (RFC 6177).
 */
export function networkOf(address: string): string {
  const [bare = ''] = address.split('%', 1);
  if (!isIPv6(bare)) return bare;
  // An IPv4 address at the end stands for two groups.
  const [head = '', tail] = bare.replace(/[\d.]+\.\d+$/, '0:0').split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':'));
  const [before, after] = [groups(head), groups(tail ?? '')];
  const zeros = new Array<string>(8 - before.length - after.length).fill('0');
  const network = [...before, ...zeros, ...after].slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${network.join(':')}::/64`;
}
