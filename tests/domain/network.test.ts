import { expect, it } from 'vitest';
import { networkOf } from '../../src/domain/network.ts';

it.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:DB8:1:2::', '2001:db8:1:2::/64'],
  ['2001:0db8:0001:0002::9', '2001:db8:1:2::/64'],
  ['2001:db8::9', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['64:ff9b:1:2::192.0.2.7', '64:ff9b:1:2::/64'],
  ['1::4:5:6:7:192.0.2.7', '1:0:4:5::/64'],
  ['', ''],
  ['a socket', 'a socket'],
])('%s is counted as %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});
