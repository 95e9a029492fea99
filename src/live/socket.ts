import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type ExecutionArgs, execute, type GraphQLError, type GraphQLFormattedError } from 'graphql';
import { CloseCode, handleProtocols, MessageType, makeServer } from 'graphql-ws';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Config } from '../config.ts';
import { Refusal } from '../domain/refusal.ts';
import type { Viewer } from '../domain/viewer.ts';
import { EngineUnavailable } from '../engine/engine.ts';
import type { Log } from '../log.ts';
import { IssuerUnavailable } from '../service/discovery.ts';
import type { Identity } from '../service/identity.ts';
import type { Rates } from '../service/rates.ts';
import type { Counters } from '../service/stats.ts';
import { createBroadcast, type Delivery, type Gate } from './broadcast.ts';
import { bearerOf, cookieSecrets } from './credentials.ts';
import { createKeepalive } from './keepalive.ts';
import { CLOSE_TOO_SLOW, createLink, type SocketLink } from './link.ts';
import { refusedFor } from './origin.ts';
import { subscribe } from './patient.ts';
import { createRelay } from './relay.ts';

/** What an operation over a socket is executed with; the GraphQL floor gives it. */
export interface Operations {
  /** Parsed, validated and bounded: arguments to execute, or the errors. */
  prepare(
    payload: {
      query: string;
      operationName?: string | null;
      variables?: Record<string, unknown> | null;
      extensions?: Record<string, unknown> | null;
    },
    asker: { viewer: Viewer; address: string | null; link: SocketLink },
  ): Prepared | GraphQLError[];
  /** What a client may see of an error. */
  mask(error: GraphQLError): GraphQLFormattedError;
  refused(refusal: Refusal): GraphQLError;
}

/** What a subscription's answers may be shared by: with the same key an event is executed once. */
export interface Sharing {
  /** What is executed for all of them, whoever they are. */
  args: ExecutionArgs;
  /** What all of it is read with: of who may see less less is shown. */
  source: ExecutionArgs;
  /** Whether what this watcher asks for is there for it now. What is not is answered to it alone, as if there were none. */
  admits(): Promise<boolean>;
  /** Whether this watcher may see what happens; what many share is looked at for each. */
  gate: Gate;
  /** `newest`: of what happens only the newest counts, and all see the same. `each`: everything counts, from where each of them is. */
  of: 'newest' | 'each';
  key: string;
}

export interface Prepared {
  args: ExecutionArgs;
  sharing: Sharing | null;
}

export interface SocketsOptions {
  operations: Operations;
  identity: Identity;
  rates: Rates;
  config: Config;
  counters: Counters;
  log: Log;
  /** The client's, past trusted proxies; '' if it is gone. */
  addressOf(request: IncomingMessage): string;
  /** Answers on a connection that does not become a WebSocket. */
  refuse(socket: Duplex, refusal: Refusal): void;
}

interface Extra {
  link: SocketLink;
  request: IncomingMessage;
  address: string | null;
  /** Null until the connection is acknowledged. */
  viewer: Viewer | null;
  /** Ends the watch over what it signed in with. */
  release(): void;
  close(code: number, reason: string): void;
  /** What it signed in with is worth nothing any more: everything of it ends now, and nothing it says counts. */
  expel(expired: boolean): void;
  operations: number;
  messageBytes: number;
  active: Set<string>;
  open: boolean;
  /** Operations that the client completed and that have not ended here, with a Subscribe that uses the id again. */
  ending: Map<string, Received | null>;
  receive(message: Received): Promise<void>;
}

interface Received {
  data: string;
  bytes: number;
}

/** A message this many times over the limit closes the socket instead of being refused. */
const HARD_LIMIT = 4;
/** "Try again later" (RFC 6455, section 7.4.1, and its registry). */
const CLOSE_TRY_AGAIN = 1013;
/** Messages that graphql-ws knows, and throws on when a client sends them. */
const SERVERS_OWN = new Set<string>([MessageType.ConnectionAck, MessageType.Next, MessageType.Error]);

export type Sockets = ReturnType<typeof createSockets>;

/** graphql-transport-ws (https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md) over ws. */
export function createSockets({
  operations,
  identity,
  rates,
  config,
  counters,
  log,
  addressOf,
  refuse,
}: SocketsOptions) {
  const { limits } = config;
  const keepalive = createKeepalive(config.keepaliveMs);
  const server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: HARD_LIMIT * limits.message,
    handleProtocols,
  });
  server.on('wsClientError', ({ message }, socket) => refuse(socket, new Refusal('BAD_USER_INPUT', message)));

  const broadcast = createBroadcast({ mask: operations.mask });
  const relay = createRelay({ mask: operations.mask });
  const shared = new WeakMap<ExecutionArgs, Omit<Delivery, 'own'> & Sharing>();

  /** Who comes, by what the client says, or by its cookie. What it cannot be let in with closes the socket. */
  async function welcome(extra: Extra, authorization: unknown): Promise<{ session?: string } | false> {
    const { request } = extra;
    try {
      const bearer = bearerOf(authorization);
      const cookies = bearer === null ? cookieSecrets(request.headers, config) : [];
      const { viewer, secret, fresh } = await identity.welcome({ bearer, cookies });
      const leave = rates.socket(viewer);
      extra.viewer = viewer;
      const forget = identity.hold(secret ?? '', viewer, extra.expel);
      extra.release = () => {
        leave();
        forget();
      };
      if (!extra.open) extra.release();
      return fresh === null ? {} : { session: fresh };
    } catch (error) {
      if (error instanceof Refusal) extra.close(closeCodeOf(error), error.message);
      else if (error instanceof EngineUnavailable) extra.close(CLOSE_TRY_AGAIN, 'The storage is away; try again');
      else throw error;
      return false;
    }
  }

  async function join(args: ExecutionArgs, sharing: Omit<Delivery, 'own'> & Sharing) {
    // What goes wrong here goes wrong there again, and is that operation's alone.
    const admitted = await sharing.admits().catch(() => false);
    return admitted ? broadcast.subscribe(sharing.key, sharing, { ...sharing, own: args }) : subscribe(args);
  }

  const protocol = makeServer<Record<string, unknown>, Extra>({
    onConnect: ({ connectionParams, extra }) =>
      welcome(extra, connectionParams?.authorization ?? connectionParams?.Authorization),
    // Nothing may be thrown from here: it would close the socket under all its operations.
    onSubscribe: (ctx, id, payload) => {
      const { extra } = ctx;
      if (extra.messageBytes > limits.message) {
        return [
          operations.refused(
            new Refusal(
              'PAYLOAD_TOO_LARGE',
              `A message may have ${limits.message} bytes; this one has ${extra.messageBytes}`,
              {
                limit: limits.message,
              },
            ),
          ),
        ];
      }
      if (extra.operations >= limits.operationsPerSocket) {
        return [
          operations.refused(
            new Refusal('RATE_LIMITED', `At most ${limits.operationsPerSocket} operations at a time on one socket`, {
              limit: limits.operationsPerSocket,
              retryAfterSeconds: 1,
            }),
          ),
        ];
      }
      const { viewer, address, link } = extra;
      const prepared = operations.prepare(payload, { viewer: viewer!, address, link });
      if (Array.isArray(prepared)) return prepared;
      extra.operations++;
      extra.active.add(id);
      const { args, sharing } = prepared;
      if (sharing !== null) shared.set(args, { ...sharing, link: extra.link, id });
      return args;
    },
    execute,
    subscribe: (args) => {
      const sharing = shared.get(args);
      if (!sharing) return subscribe(args);
      return sharing.of === 'each' ? relay.subscribe(sharing.key, args, sharing) : join(args, sharing);
    },
    onNext: (_ctx, _id, _payload, _args, result) => ({
      ...(result.data === undefined ? {} : { data: result.data }),
      ...(result.errors ? { errors: result.errors.map(operations.mask) } : {}),
    }),
    onError: (_ctx, _id, _payload, errors) => errors.map((error) => operations.mask(error as GraphQLError)),
    onComplete: ({ extra }, id) => {
      extra.operations--;
      extra.active.delete(id);
      if (!extra.ending.has(id)) return;
      // Some microtasks later graphql-ws has let go of the id.
      setImmediate(() => {
        const next = extra.ending.get(id);
        extra.ending.delete(id);
        if (next && extra.open) void extra.receive(next);
      });
    },
  });

  function accept(ws: WebSocket, raw: Duplex, request: IncomingMessage): void {
    const link = createLink(ws, raw, {
      counters,
      bufferedLimit: limits.buffered,
      onTooSlow: () => end(CLOSE_TOO_SLOW, 'Too slow'),
    });
    const extra: Extra = {
      link,
      request,
      address: addressOf(request) || null,
      viewer: null,
      release: () => undefined,
      close: (code, reason) => ws.close(code, reason),
      expel,
      operations: 0,
      messageBytes: 0,
      active: new Set(),
      open: true,
      ending: new Map(),
      receive,
    };
    const leave = keepalive.add(link);
    counters.totalConnections++;
    counters.activeConnections++;

    let handle: (data: string) => Promise<void> = async () => undefined;
    const closed = protocol.opened(
      {
        protocol: ws.protocol,
        send: link.send,
        close: (code, reason) => ws.close(code, reason),
        onMessage: (callback) => {
          handle = callback;
        },
        onPong: link.pong,
      },
      extra,
    );

    /** Whatever it asked for is over. */
    function end(code: number, reason: string): void {
      if (!extra.open) return;
      extra.open = false;
      extra.release();
      closed(code, reason).catch((error) => log.error({ err: error }, 'A closed socket could not be cleaned up'));
    }

    function expel(expired: boolean): void {
      const why = expired ? 'The credentials have expired' : 'The credentials were revoked, or have other rights now';
      // Who may come again with new credentials keeps its grace.
      if (expired) {
        ws.close(CloseCode.Forbidden, why);
        link.closed(CloseCode.Forbidden);
      } else {
        link.dismiss(CloseCode.Forbidden, why);
      }
      end(CloseCode.Forbidden, why);
    }

    async function receive(message: Received): Promise<void> {
      try {
        if (held(message)) return;
        extra.messageBytes = message.bytes;
        await handle(message.data);
      } catch (error) {
        if (SERVERS_OWN.has(peek(message.data)?.type ?? '')) {
          log.debug({ err: error }, 'A client sent what only a server sends; its socket is closed');
          ws.close(CloseCode.BadRequest, 'Invalid message received');
          return;
        }
        counters.errors++;
        log.error({ err: error }, 'A message could not be handled; its socket is closed');
        ws.close(CloseCode.InternalServerError, 'Internal server error');
      }
    }

    /** An id may be used again right after its Complete: its Subscribe waits until the old operation has ended here. */
    function held(received: Received): boolean {
      const { active, ending } = extra;
      if (ending.size === 0 && !(received.bytes < 300 && received.data.includes('"complete"'))) return false;
      const message = peek(received.data);
      if (message?.type === 'complete' && ending.has(message.id)) {
        ending.set(message.id, null);
        return true;
      }
      if (message?.type === 'complete' && active.has(message.id)) ending.set(message.id, null);
      if (message?.type !== 'subscribe' || !ending.has(message.id)) return false;
      if (ending.get(message.id)) {
        ws.close(CloseCode.SubscriberAlreadyExists, `Subscriber for ${message.id} already exists`);
      }
      ending.set(message.id, received);
      return true;
    }

    ws.on('message', (data: Buffer) => {
      link.heard();
      // What it is closed for is not to grow.
      if (!extra.open) return;
      void receive({ data: data.toString(), bytes: data.length });
    });
    ws.on('pong', link.heard);
    ws.on('error', (error) => log.debug({ err: error }, 'A socket failed'));
    ws.once('close', (code, reason) => {
      leave();
      counters.activeConnections--;
      link.closed(code);
      end(code, reason.toString());
    });
  }

  return {
    upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
      const { origin, host } = request.headers;
      const refused = refusedFor(request.headers, config);
      if (refused !== null) {
        log.warn({ origin, host }, refused);
        refuse(socket, new Refusal('FORBIDDEN', refused));
        return;
      }
      server.handleUpgrade(request, socket, head, (ws) => accept(ws, socket, request));
    },

    /** Closes every socket with 1001, once it has sent what it holds. Nothing is completed: clients come back. */
    async drain(withinMs: number): Promise<void> {
      keepalive.stop();
      // What operations were told just now is written a turn later.
      await nextTurn();
      await Promise.all(keepalive.all().map((link) => link.goAway(withinMs)));
    },

    /** Bytes that wait for slow sockets. */
    unsent: () => keepalive.all().reduce((sum, { unsent }) => sum + unsent, 0),
    groups: broadcast.groups,
    /** What watchers may see has changed. */
    reconsider: broadcast.reconsider,
  };
}

/** Who is not let in need not come again; who is one too many, or comes while the issuer is away, may later. */
const closeCodeOf = (refusal: Refusal): number =>
  refusal.code === 'RATE_LIMITED' || refusal instanceof IssuerUnavailable ? CLOSE_TRY_AGAIN : CloseCode.Unauthorized;

/** The type of a message, and its id: empty where it has none. */
function peek(data: string): { id: string; type: string } | null {
  try {
    const { id = '', type } = JSON.parse(data) as { id?: unknown; type?: unknown };
    return typeof id === 'string' && typeof type === 'string' ? { id, type } : null;
  } catch {
    return null;
  }
}
