import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { parseAddress } from './address.ts';
import { createChannel } from './channel.ts';
import { createCredentials, type VisitorMemory } from './credentials.ts';
import { fromGraphQLErrors } from './errors.ts';
import { type UploadSource, upload } from './files.ts';
import { type ConnectionChange, createLink } from './link.ts';
import { operationOf } from './operation.ts';
import { unlessAborted } from './promises.ts';
import { call } from './socket.ts';

/**
 * A token, or a function that is asked for one at every connection, upload and report, as for one that is short-lived: one that the
 * server refuses is final (UNAUTHENTICATED), one that runs out in between only asks for the next. What it throws counts as a lost
 * connection.
 */
export type TokenSource = string | (() => string | undefined | Promise<string | undefined>);

export interface ConnectionOptions {
  /** `http(s)://` or `ws(s)://`, with or without `/graphql`. In a browser a path alone is relative to the page. */
  url: string;
  /**
   * What the program signs in with (`spacedock token create`), or a session of a person (`login`); sent as `Authorization: Bearer …`.
   * @default none: a visitor, with the rights of whoever is not signed in. The server knows it again over lost connections.
   */
  token?: TokenSource;
  /** Where the token of a visitor is kept. @default for as long as this connection */
  visitor?: VisitorMemory;
  /** How often a silent server is asked for a sign of life, and how long it has for each. @default 10 */
  keepAliveSeconds?: number;
}

export interface CallOptions {
  /** Gives the call up: it rejects (a subscription throws) with the signal's reason. */
  signal?: AbortSignal;
}

/** A server, as a client sees it. One WebSocket, opened at the first call and opened again whenever it is needed. */
export interface Connection {
  /** The server's HTTP address, without `/graphql` and without a slash at its end. */
  readonly url: string;
  /**
   * One query or mutation. Sent once: a connection that is lost before the answer rejects with CONNECTION_LOST, and
   * the caller decides whether it is safe to ask again. Rejects with a SpacedockError: UNAUTHENTICATED if the token is
   * refused, or if somebody who is not signed in may not do that; FORBIDDEN if the token does not allow it.
   */
  request<R, V extends Record<string, unknown>>(
    document: TypedDocumentNode<R, V>,
    variables: V,
    options?: CallOptions,
  ): Promise<R>;
  /**
   * Survives lost connections, and outages of the server's storage, for as long as it takes, by subscribing again with the
   * same variables, as they are by then (so the first events repeat, unless the caller moves a cursor in them). Ends when the server completes it; throws a SpacedockError when the server refuses it. Events that
   * are not taken are kept.
   */
  subscribe<R, V extends Record<string, unknown>>(
    document: TypedDocumentNode<R, V>,
    variables: V,
    options?: CallOptions,
  ): AsyncIterableIterator<R>;
  /**
   * Hears when the connection is lost and when it is there (again); what is subscribed to survives that without being told.
   * @returns ends the hearing
   */
  onChange(listener: (change: ConnectionChange) => void): () => void;
  /** The address of a `StoredFile.url`: a path is the server's. */
  resolve(path: string): string;
  /** Sends a file over HTTP (`POST /files`) and returns the id to pass where the API asks for a `File`. */
  upload(file: UploadSource, options?: CallOptions): Promise<string>;
  /** Ends every subscription and closes the socket. */
  close(): Promise<void>;
}

/** A connection to a server. Nothing is sent before the first call. Throws a TypeError when `url` is not an address. */
export function connect({ url, token, visitor, keepAliveSeconds = 10 }: ConnectionOptions): Connection {
  const address = parseAddress(url);
  const listeners = new Set<(change: ConnectionChange) => void>();
  const onChange = (change: ConnectionChange) => {
    for (const listener of listeners) listener(change);
  };
  const credentials = createCredentials(token, visitor);
  const link = createLink({ address, credentials, keepAliveSeconds, onChange });

  return {
    url: address.base,
    resolve: address.resolve,

    async request(document, variables, { signal } = {}) {
      const socket = await unlessAborted(link.socket(), signal);
      return call(socket, operationOf(document, variables), signal);
    },

    subscribe<R, V extends Record<string, unknown>>(
      document: TypedDocumentNode<R, V>,
      variables: V,
      { signal }: CallOptions = {},
    ) {
      let stop = () => {};
      const channel = createChannel<R>({
        onEnd: () => {
          signal?.removeEventListener('abort', onAbort);
          stop();
        },
      });
      const onAbort = () => channel.end(signal?.reason);
      if (signal?.aborted) {
        onAbort();
      } else {
        signal?.addEventListener('abort', onAbort);
        stop = link.stream(operationOf(document, variables), {
          next: ({ data, errors }) =>
            errors?.length ? channel.end(fromGraphQLErrors(errors)) : channel.push(data as R),
          error: channel.end,
          complete: channel.end,
        });
      }
      return channel.iterator;
    },

    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },

    upload: (file, { signal } = {}) =>
      upload({ address, signal, identify: () => unlessAborted(link.identify(), signal) }, file),
    close: link.close,
  };
}
