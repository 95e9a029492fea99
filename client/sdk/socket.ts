import { type Client, createClient } from 'graphql-ws/client';
import type { Address } from './address.ts';
import type { Credentials } from './credentials.ts';
import { errorCode, fromGraphQLErrors, SpacedockError } from './errors.ts';
import type { Operation } from './operation.ts';
import { deferred } from './promises.ts';
import { afterSilence } from './timing.ts';
import { type WebSocketImpl, webSocketImpl } from './websocket.ts';

/** A GraphQL result as it came over the wire. */
export interface Payload {
  data?: Record<string, unknown> | null;
  errors?: readonly { message: string; extensions?: unknown }[];
  extensions?: Record<string, unknown>;
}

/** Hears of one operation: any number of results, then exactly one of error and complete. Must not throw. */
export interface Sink {
  next(payload: Payload): void;
  error(error: SpacedockError): void;
  complete(): void;
}

export interface SocketOptions {
  address: Address;
  credentials: Credentials;
  /** How often a silent server is asked for a sign of life, and how long it has for each. */
  keepAliveSeconds: number;
  webSocketImpl?: WebSocketImpl;
  /** Gives up opening, or cuts the open socket. */
  signal?: AbortSignal;
  /** Time for the connection to be opened and acknowledged. @default 10000 */
  openMs?: number;
  /** The answer to a Ping of the server has left. */
  onPongSent?(): void;
}

/** How operations travel: over one WebSocket, or each as a stream of events over HTTP. */
export type Transport = 'websocket' | 'sse';

/** One connection, from its acknowledgement to its end. It never reconnects. */
export interface Socket {
  readonly via: Transport;
  readonly open: boolean;
  /** Resolves, with the reason, when the connection is gone; every operation has heard the same error by then. */
  readonly ended: Promise<SpacedockError>;
  /** Starts an operation. Returns what stops it; a stopped operation hears nothing more. */
  start(operation: Operation, sink: Sink): () => void;
  /** Says goodbye (close code 1000). Resolves when the connection is gone, after two seconds at most. */
  close(): Promise<void>;
  /** Cuts the connection without a word. */
  cut(reason: string): void;
}

/** Time for a connection to be opened, and for a goodbye to be answered. */
const OPEN_MS = 10_000;
const GOODBYE_MS = 2000;

/**
 * The close code by which a server does not let us in. Any other may be different the next time; so may 4403, which says that
 * credentials have expired or were revoked: others, or the same with other rights, may do.
 */
const UNAUTHORIZED = 4401;

/**
 * Connects, and waits for the server's acknowledgement. Rejects with a SpacedockError that has a `closeCode`: UNAUTHENTICATED if the
 * token is refused. A visitor whom the server does not know any more comes as a new one.
 */
export async function openSocket(options: SocketOptions): Promise<Socket> {
  const implementation = options.webSocketImpl ?? (await webSocketImpl());
  try {
    return await open(options, implementation);
  } catch (error) {
    if (errorCode(error) !== 'UNAUTHENTICATED' || !options.credentials.forgotten()) throw error;
    return open(options, implementation);
  }
}

function open(options: SocketOptions, implementation: WebSocketImpl): Promise<Socket> {
  const { address, credentials, signal } = options;
  const keepAliveMs = options.keepAliveSeconds * 1000;

  return new Promise((resolve, reject) => {
    const running = new Set<(error: SpacedockError) => void>();
    let over: SpacedockError | undefined;
    let acknowledged = false;
    let failure = '';
    let stopWaiting = afterSilence(options.openMs ?? OPEN_MS, () => cut('it did not answer'));
    const { promise: ended, resolve: settleEnded } = deferred<SpacedockError>();

    function end(code: number, reason: string): void {
      endWith(lost(code, reason));
    }

    function lost(closeCode: number, reason: string): SpacedockError {
      if (closeCode === UNAUTHORIZED && !acknowledged) {
        const why = `${address.base} refuses the token: ${reason || 'sign in again, or use another one'} (${closeCode})`;
        return new SpacedockError('UNAUTHENTICATED', why, { closeCode });
      }
      const what = acknowledged ? 'Lost the connection to' : 'Cannot connect to';
      return new SpacedockError('CONNECTION_LOST', `${what} ${address.base}: ${reason || 'closed'} (${closeCode})`, {
        closeCode,
      });
    }

    function endWith(error: SpacedockError): void {
      if (over) return;
      stopWaiting();
      signal?.removeEventListener('abort', onAbort);
      over = error;
      for (const fail of running) fail(over);
      running.clear();
      reject(over);
      settleEnded(over);
      // Disposed, graphql-ws will not try again: with close code 1000 it would, whatever its retryAttempts say.
      void Promise.resolve(client.dispose()).catch(() => {});
    }

    function cut(reason: string): void {
      if (over) return;
      failure = reason;
      client.terminate();
      raw?.terminate?.();
      end(4499, reason);
    }

    const onAbort = () => cut('given up');
    let raw: { terminate?(): void } | undefined;
    const client: Client = createClient({
      url: address.socket,
      webSocketImpl: implementation,
      connectionParams: async () => {
        try {
          return await credentials.authorization();
        } catch (error) {
          endWith(error as SpacedockError);
          throw error;
        }
      },
      lazy: false,
      retryAttempts: 0,
      onNonLazyError: () => {},
      keepAlive: keepAliveMs,
      on: {
        opened: (socket) => {
          raw = socket as typeof raw;
        },
        connected: (_socket, payload) => {
          stopWaiting();
          acknowledged = true;
          credentials.welcomed(payload?.session);
          resolve(socket);
        },
        message: (message) => {
          if (acknowledged && waitingForPong && message.type !== 'pong') waitForPong();
        },
        ping: (received) => {
          if (!received) waitForPong();
        },
        pong: (received) => {
          if (!received) return options.onPongSent?.();
          waitingForPong = false;
          stopWaiting();
        },
        // A close event follows.
        error: (error) => {
          failure = messageOf(error);
        },
        closed: (event) => {
          const { code, reason } = event as { code: number; reason: string };
          end(code, failure || reason);
        },
      },
    });

    let waitingForPong = false;
    function waitForPong(): void {
      waitingForPong = true;
      stopWaiting();
      stopWaiting = afterSilence(keepAliveMs, () => cut('it went silent'));
    }

    const socket: Socket = {
      via: 'websocket',
      get open() {
        return over === undefined;
      },
      ended,
      start(operation, sink) {
        let done = false;
        const fail = (error: SpacedockError) => {
          done = true;
          sink.error(error);
        };
        const problem = over ?? unwritable(operation);
        if (problem) {
          fail(problem);
          return () => {};
        }
        const finish = (tell: () => void) => {
          if (done) return;
          done = true;
          running.delete(fail);
          tell();
        };
        running.add(fail);
        const stop = client.subscribe(operation, {
          next: (payload) => {
            if (!done) sink.next(payload as Payload);
          },
          // Anything else than a list of errors says that the connection failed: its end follows.
          error: (error) => Array.isArray(error) && finish(() => sink.error(fromGraphQLErrors(error))),
          complete: () => finish(sink.complete),
        });
        // graphql-ws counts an operation off twice that is stopped while it hears a result whose Complete came along, and then closes
        // the socket under the others.
        return () => finish(() => queueMicrotask(stop));
      },
      async close() {
        if (over) return;
        void Promise.resolve(client.dispose()).catch(() => {});
        const tooLong = setTimeout(() => cut('it did not answer the goodbye'), GOODBYE_MS);
        await ended;
        clearTimeout(tooLong);
      },
      cut,
    };

    signal?.addEventListener('abort', onAbort);
    if (signal?.aborted) onAbort();
  });
}

/** graphql-ws, when it cannot write an operation as JSON, leaves a rejection behind that nobody can catch. */
function unwritable({ variables }: Operation): SpacedockError | undefined {
  try {
    JSON.stringify(variables);
    return undefined;
  } catch (error) {
    return new SpacedockError('BAD_USER_INPUT', messageOf(error), { cause: error });
  }
}

function messageOf(error: unknown): string {
  const { message } = (error ?? {}) as { message?: unknown };
  return typeof message === 'string' && message !== '' ? message : 'the network failed';
}

/**
 * Runs one query or mutation. Rejects with a SpacedockError, or with the signal's reason.
 * CONNECTION_LOST says that the operation may or may not have been executed.
 */
export function call<R>(socket: Socket, operation: Operation, signal?: AbortSignal): Promise<R> {
  return new Promise((resolve, reject) => {
    let stop = () => {};
    const onAbort = () => {
      stop();
      reject(signal?.reason);
    };
    if (signal?.aborted) return onAbort();
    const settle = (settled: () => void) => {
      signal?.removeEventListener('abort', onAbort);
      settled();
    };
    signal?.addEventListener('abort', onAbort);
    stop = socket.start(operation, {
      next: ({ data, errors }) =>
        settle(() => (errors?.length ? reject(fromGraphQLErrors(errors)) : resolve(data as R))),
      error: (error) => settle(() => reject(error)),
      complete: () =>
        settle(() =>
          reject(new SpacedockError('INTERNAL_SERVER_ERROR', 'The server ended the call without an answer.')),
        ),
    });
  });
}
