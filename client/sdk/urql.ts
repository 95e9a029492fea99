import {
  type Client,
  cacheExchange,
  createClient,
  type ExecutionResult,
  fetchExchange,
  subscriptionExchange,
} from '@urql/core';
import { authorization, parseAddress } from './address.ts';
import type { ConnectionOptions } from './connection.ts';
import { createLink } from './link.ts';

export interface UrqlOptions extends ConnectionOptions {
  /** @default the global one */
  fetch?: typeof fetch;
  /** @default the global one; `ws` in Node */
  webSocketImpl?: unknown;
}

/**
 * An urql client: queries and mutations by POST, subscriptions over one WebSocket that connects again for ever and is
 * closed while there is none. Throws a TypeError when `url` is not an address.
 */
export function createUrqlClient({ url, token, keepAliveSeconds = 10, ...options }: UrqlOptions): Client {
  const address = parseAddress(url);
  const link = createLink({
    address,
    token,
    keepAliveSeconds,
    webSocketImpl: options.webSocketImpl,
    closeWhenIdle: true,
  });
  const plainFetch = options.fetch ?? fetch;

  return createClient({
    url: address.http,
    preferGetMethod: false,
    fetch: async (input, init) => {
      const headers = new Headers(init?.headers);
      for (const [name, value] of Object.entries((await authorization(token)) ?? {})) headers.set(name, value);
      return plainFetch(input, { ...init, headers });
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
