import {
  type Client,
  cacheExchange,
  createClient,
  type ExecutionResult,
  fetchExchange,
  subscriptionExchange,
} from '@urql/core';
import { parseAddress } from './address.ts';
import type { ConnectionOptions } from './connection.ts';
import { createCredentials } from './credentials.ts';
import { identified } from './files.ts';
import { createLink } from './link.ts';

export interface UrqlOptions extends ConnectionOptions {
  /** @default the global one */
  fetch?: typeof fetch;
  /** @default the global one; `ws` in Node */
  webSocketImpl?: unknown;
}

/**
 * An urql client: queries and mutations by POST, subscriptions over one WebSocket that connects again for ever and is
 * closed while there is none. Without a token it is a visitor: the first query waits for a WebSocket, which says who
 * that is, so that what a visitor asks for by either is the same one's. Throws a TypeError when `url` is not an address.
 */
export function createUrqlClient({ url, token, visitor, keepAliveSeconds = 10, ...options }: UrqlOptions): Client {
  const address = parseAddress(url);
  const credentials = createCredentials(token, visitor);
  const link = createLink({
    address,
    credentials,
    keepAliveSeconds,
    webSocketImpl: options.webSocketImpl,
    closeWhenIdle: true,
  });
  const plainFetch = options.fetch ?? fetch;

  return createClient({
    url: address.http,
    preferGetMethod: false,
    fetch: async (input, init) => {
      // Where no socket is to be had, the query itself tells why, or needs none.
      const known = identified(await link.identify().catch(credentials.authorization));
      const headers = new Headers(init?.headers);
      for (const [name, value] of new Headers(known.headers)) headers.set(name, value);
      return plainFetch(input, { ...init, ...known, headers });
    },
    exchanges: [
      cacheExchange,
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: ({ query = '', variables }) => ({
          subscribe: (sink) => ({
            unsubscribe: link.stream(
              { query, variables },
              {
                next: (payload) => sink.next(payload as ExecutionResult),
                complete: () => sink.complete(),
                error: ({ message, name: _, ...extensions }) => sink.error([{ message, extensions }]),
              },
            ),
          }),
        }),
      }),
    ],
  });
}
