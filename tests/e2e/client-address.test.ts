import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError, readConfig } from '../../src/config.ts';
import { createClientAddress } from '../../src/http/client-address.ts';
import { useServer } from '../help/use-server.ts';

interface Seen {
  address: string;
  https: boolean;
}

/** A server that tells who it takes its client for. */
async function listen(trustProxy: string | undefined) {
  const warnings: string[] = [];
  const say = () => undefined;
  const warn = (_fields: object | string, message?: string) => void warnings.push(message ?? '');
  const { trustProxy: trusted } = readConfig({ TRUST_PROXY: trustProxy });
  const { addressOf, isHttps } = createClientAddress(trusted, { debug: say, info: say, warn, error: say });
  const server = createServer((asked, response) => {
    response.end(JSON.stringify({ address: addressOf(asked), https: isHttps(asked) }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    warnings,
    /** Asked from an address of this machine. */
    async ask(peer: string, headers: Record<string, string>): Promise<Seen> {
      const asking = request({ port, host: '127.0.0.1', localAddress: peer, headers, agent: false }).end();
      const [response] = await once(asking, 'response');
      return (await json(response)) as Seen;
    },
    close: async () => {
      server.close();
      await once(server, 'close');
    },
  };
}

type Listening = Awaited<ReturnType<typeof listen>>;

const PROXY = '127.0.0.2';
const OTHER = '127.0.0.3';
const forwarded = (chain: string, scheme = 'https') => ({ 'x-forwarded-for': chain, 'x-forwarded-proto': scheme });

describe('who asks', () => {
  const at: Record<'nobody' | 'one' | 'network', Listening> = {} as never;
  beforeAll(async () => {
    at.nobody = await listen(undefined);
    at.one = await listen(`${PROXY}, 10.0.0.0/8`);
    at.network = await listen('uniquelocal,127.0.0.2/31,2001:db8::/32');
  });
  afterAll(() => Promise.all(Object.values(at).map(({ close }) => close())));

  it('is who connects, whatever he says, unless he is a proxy that is named', async () => {
    for (const chain of ['1.2.3.4', '1.2.3.4, 127.0.0.2', `${PROXY}`, '10.1.1.1', 'unknown', '']) {
      for (const scheme of ['https', 'http']) {
        expect(await at.nobody.ask(PROXY, forwarded(chain, scheme))).toEqual({ address: PROXY, https: false });
        expect(await at.one.ask(OTHER, forwarded(chain, scheme))).toEqual({ address: OTHER, https: false });
      }
    }
    expect(at.nobody.warnings).toEqual([expect.stringContaining('TRUST_PROXY')]);
    expect(at.one.warnings).toEqual([expect.stringContaining('TRUST_PROXY')]);
  });

  it.each([
    ['1.2.3.4', '1.2.3.4'],
    // What was there before is the client's own word.
    ['9.9.9.9, 1.2.3.4', '1.2.3.4'],
    ['127.0.0.1, 10.0.0.9, 1.2.3.4', '1.2.3.4'],
    // Through two proxies that are named.
    ['9.9.9.9, 1.2.3.4, 10.20.30.40', '1.2.3.4'],
    ['1.2.3.4:5678', '1.2.3.4'],
    ['::ffff:1.2.3.4', '1.2.3.4'],
    ['2001:db8::1', '2001:db8::1'],
    ['[2001:db8::1]:443', '2001:db8::1'],
    // Nobody is to be counted under a name that he made up.
    ['unknown', PROXY],
    ['"><script>', PROXY],
    ['', PROXY],
    ['999.1.1.1, 10.0.0.9', '10.0.0.9'],
  ])('is who a named proxy says it is: %j is %s', async (chain, address) => {
    expect((await at.one.ask(PROXY, forwarded(chain))).address).toBe(address);
  });

  it('is the proxy where it says nothing, or speaks for itself', async () => {
    expect(await at.one.ask(PROXY, {})).toEqual({ address: PROXY, https: false });
    expect(await at.network.ask(OTHER, forwarded('192.168.7.7'))).toEqual({ address: '192.168.7.7', https: true });
    expect((await at.network.ask(OTHER, forwarded('2001:db9::1, 2001:db8::5'))).address).toBe('2001:db9::1');
  });

  it.each([
    ['https', true],
    ['HTTPS', true],
    ['https, http', true],
    ['http', false],
    ['http, https', false],
    ['httpsx', false],
    ['', false],
  ])('speaks what a named proxy says: %j', async (scheme, https) => {
    expect((await at.one.ask(PROXY, forwarded('1.2.3.4', scheme))).https).toBe(https);
  });
});

describe('a cookie', () => {
  const server = useServer({ engine: 'sqlite', env: { ACCESS: 'accounts', TRUST_PROXY: 'loopback' } });

  it.each([
    [{ 'x-forwarded-proto': 'https' }, true],
    [{ 'x-forwarded-proto': 'http' }, false],
    [{}, false],
  ])('goes by https alone where the client speaks that, as a named proxy says: %j', async (headers, secure) => {
    const response = await fetch(`${server.graphql}?query={viewer{role}}`, { headers });
    const [cookie = ''] = response.headers.getSetCookie();
    expect(cookie).toMatch(/^spacedock_visitor=/);
    expect(/; Secure/i.test(cookie)).toBe(secure);
  });
});

describe('TRUST_PROXY', () => {
  it.each(['1', 'true', '*', '10.0.0.0/33', '10.0.0.0/0', 'proxy.example', '10.0.0.1,,', '::1/129', '10.0.0.1/'])(
    'is refused by name if it is %j',
    (value) => {
      expect(() => readConfig({ TRUST_PROXY: value })).toThrow(ConfigError);
      expect(() => readConfig({ TRUST_PROXY: value })).toThrow(/^TRUST_PROXY: /);
    },
  );
});
