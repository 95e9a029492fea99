import { expect, test } from 'vitest';
import { parseAddress } from '../../client/sdk/address.ts';
import { connect } from '../../client/sdk/index.ts';

test.each([
  ['http://host:4000', 'http://host:4000'],
  ['http://host:4000/', 'http://host:4000'],
  ['http://host:4000/graphql', 'http://host:4000'],
  ['http://host:4000/graphql/', 'http://host:4000'],
  ['ws://host:4000', 'http://host:4000'],
  ['ws://host/graphql', 'http://host'],
  ['https://host/behind/a/proxy', 'https://host/behind/a/proxy'],
  ['wss://host/behind/graphql', 'https://host/behind'],
  ['http://[::1]:4000', 'http://[::1]:4000'],
])('%s is the server at %s', (url, base) => {
  const address = parseAddress(url);
  expect(address.base).toBe(base);
  expect(address.http).toBe(`${base}/graphql`);
  expect(address.socket).toBe(`${base.replace(/^http/, 'ws')}/graphql`);
});

test.each(['localhost:4000', 'host', '/graphql', 'ftp://host', '', 'http://'])('"%s" is refused at once', (url) => {
  expect(() => connect({ url })).toThrow(/is not the address of a server/);
});

test('the path of a file is the server’s, an address of its own stays', () => {
  const { resolve } = parseAddress('wss://host/behind/graphql');
  expect(resolve('/files/a/b?signature=c')).toBe('https://host/behind/files/a/b?signature=c');
  expect(resolve('files/a')).toBe('https://host/behind/files/a');
  expect(resolve('https://storage.example/a')).toBe('https://storage.example/a');
});
