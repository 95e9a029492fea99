import {
  type Client,
  cacheExchange,
  createClient,
  type ExecutionResult,
  fetchExchange,
  makeOperation,
  mapExchange,
  subscriptionExchange,
} from '@urql/core';
import { makeFetchBody } from '@urql/core/internal';
import { parseAddress } from './address.ts';
import type { ConnectionOptions } from './connection.ts';
import { createCredentials, identified } from './credentials.ts';
import { createFallback } from './fallback.ts';
import { createLink } from './link.ts';
import type { Transport } from './socket.ts';

export interface UrqlOptions extends ConnectionOptions {
  /** @default the global one */
  fetch?: typeof fetch;
  /** @default the global one; `ws` in Node */
  webSocketImpl?: unknown;
  /**
   * Where no WebSocket can be opened and HTTP works, subscriptions run over streams of events (SSE), until a WebSocket can be opened.
   * @default false
   */
  eventStreams?: boolean;
  /** How soon a WebSocket is tried again then, first; later tries are rarer, up to once a minute. @default 5000 */
  retrySocketMs?: number;
}

/** How the way to the server is that subscriptions run over. `idle`: none runs. `lost`: what is shown may be old; it is tried again. */
export type LinkState = { status: 'idle' | 'lost'; via: null } | { status: 'connected'; via: Transport };

/** The state of the link of an urql client, to be watched. */
export interface LinkWatch {
  /** The same object until something has changed. */
  get(): LinkState;
  /** Hears of every change. Returns what ends that. */
  listen(listener: () => void): () => void;
}

export type SpacedockClient = Client & { readonly link: LinkWatch };

/**
 * An urql client: queries and mutations by POST, subscriptions over one WebSocket that connects again for ever and is
 * closed while there is none. Without a token it is a visitor: the first query waits for a WebSocket, which says who
 * that is, so that what a visitor asks for by either is the same one's. Throws a TypeError when `url` is not an address.
 */
export function createUrqlClient({
  url,
  token,
  visitor,
  keepAliveSeconds = 10,
  ...options
}: UrqlOptions): SpacedockClient {
  const address = parseAddress(url);
  const credentials = createCredentials(token, visitor);
  const plainFetch = options.fetch ?? ((input: RequestInfo | URL, init?: RequestInit) => fetch(input, init));
  const listeners = new Set<() => void>();
  let state: LinkState = { status: 'idle', via: null };
  function become(next: LinkState): void {
    if (next.status === state.status && next.via === state.via) return;
    state = next;
    for (const listener of listeners) listener();
  }
  const link = createLink({
    address,
    credentials,
    keepAliveSeconds,
    webSocketImpl: options.webSocketImpl,
    closeWhenIdle: true,
    ...(options.eventStreams && {
      open: createFallback({
        fetch: plainFetch,
        ...(options.retrySocketMs !== undefined && { retrySocketMs: options.retrySocketMs }),
      }),
    }),
    onChange: (change) =>
      become(change.type === 'lost' ? { status: 'lost', via: null } : { status: 'connected', via: change.via }),
    onIdle: () => become({ status: 'idle', via: null }),
  });

  const identifiedFetch: typeof fetch = async (input, init) => {
    // Where no socket is to be had, the query itself tells why, or needs none.
    const known = identified(await link.identify().catch(credentials.authorization));
    const headers = new Headers(init?.headers);
    for (const [name, value] of new Headers(known.headers)) headers.set(name, value);
    return plainFetch(input, { ...init, ...known, headers });
  };
  // urql sorts the keys of variables, also of those that are JSON, where their order is for people.
  const inOrder = mapExchange({
    onOperation: (operation) =>
      makeOperation(operation.kind, operation, {
        ...operation.context,
        fetch: (input, init) =>
          identifiedFetch(
            input,
            typeof init?.body === 'string' ? { ...init, body: JSON.stringify(makeFetchBody(operation)) } : init,
          ),
      }),
  });

  const client = createClient({
    url: address.http,
    preferGetMethod: false,
    exchanges: [
      cacheExchange,
      inOrder,
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

  return Object.assign(client, {
    link: {
      get: () => state,
      listen(listener: () => void) {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    },
  });
}
