import { WebSocket } from 'ws';
import { type Query, textOf } from './client.ts';
import { type Answer, type ApiError, createFlow, type Flow, type FlowSource } from './flow.ts';
import type { TestServer } from './server.ts';

/** A message of graphql-transport-ws (https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md). */
export interface Message {
  type: string;
  id?: string;
  payload?: unknown;
}

/** A client of graphql-transport-ws written by hand, without any library's help: it sends and shows every message. */
export interface RawSocket extends AsyncDisposable {
  ws: WebSocket;
  /** Sends a message, or a text that is none. */
  send(...messages: (Message | string)[]): void;
  /** Several messages in one TCP segment. */
  sendTogether(messages: Message[]): void;
  /** The first message that fits and that nobody has taken yet, also if it came before the call. */
  take(fits: (message: Message) => boolean): Promise<Message>;
  /** One query or mutation. */
  request<R, V = Record<string, unknown>>(query: Query<R, V>, variables?: V): Promise<Answer<R>>;
  /** One query or mutation that must succeed. */
  ask<R, V = Record<string, unknown>>(query: Query<R, V>, variables?: V): Promise<R>;
  subscribe<T, V = Record<string, unknown>>(query: Query<Record<string, T>, V>, variables?: V): Flow<T>;
  /** Whether protocol Pings are answered. @default true */
  answerPings: boolean;
  closed: Promise<{ code: number; reason: string }>;
  /** Closes with 1000 and waits for the end. */
  close(): Promise<void>;
  /** Cuts the connection without goodbye. */
  cut(): void;
}

export interface RawSocketOptions {
  origin?: string;
  /** Send ConnectionInit and wait for the answer. @default true */
  init?: boolean;
  connectionParams?: Record<string, unknown>;
}

/** Rejects when the server does not take the connection, with its HTTP status in the message. */
export async function openSocket(
  server: Pick<TestServer, 'socket'>,
  { origin, init = true, connectionParams }: RawSocketOptions = {},
): Promise<RawSocket> {
  const ws = new WebSocket(server.socket, 'graphql-transport-ws', { ...(origin ? { origin } : {}) });
  const untaken: Message[] = [];
  const takers: { fits(message: Message): boolean; found: PromiseWithResolvers<Message> }[] = [];
  const flows = new Map<string, FlowSource<unknown>>();
  const closed = Promise.withResolvers<{ code: number; reason: string }>();
  let ids = 0;

  function receive(message: Message): void {
    if (message.type === 'ping' && socket.answerPings) socket.send({ type: 'pong', payload: message.payload });
    const source = flows.get(message.id ?? '');
    const taker = takers.findIndex(({ fits }) => fits(message));
    if (source) feed(source, message);
    else if (taker >= 0) takers.splice(taker, 1)[0]!.found.resolve(message);
    else untaken.push(message);
  }

  function feed(source: FlowSource<unknown>, { type, id, payload }: Message): void {
    if (type === 'next') {
      source.push(payload as { data: Record<string, unknown> });
      return;
    }
    flows.delete(id!);
    source.end(type === 'error' ? (payload as ApiError[]) : 'complete');
  }

  const socket: RawSocket = {
    ws,
    answerPings: true,
    closed: closed.promise,
    send(...messages) {
      for (const message of messages) ws.send(typeof message === 'string' ? message : JSON.stringify(message));
    },
    sendTogether(messages) {
      const raw = (ws as unknown as { _socket: { cork(): void; uncork(): void } })._socket;
      raw.cork();
      socket.send(...messages);
      raw.uncork();
    },
    take(fits) {
      const index = untaken.findIndex(fits);
      if (index >= 0) return Promise.resolve(untaken.splice(index, 1)[0]!);
      const found = Promise.withResolvers<Message>();
      takers.push({ fits, found });
      return found.promise;
    },
    async request<R, V>(query: Query<R, V>, variables?: V): Promise<Answer<R>> {
      const id = `request-${++ids}`;
      socket.send({ type: 'subscribe', id, payload: { query: textOf(query), variables } });
      const first = await socket.take((message) => message.id === id);
      if (first.type === 'error') return { data: null, errors: first.payload as ApiError[] };
      await socket.take((message) => message.id === id && message.type === 'complete');
      const { data = null, errors = [] } = first.payload as { data?: R; errors?: ApiError[] };
      return { data, errors };
    },
    async ask(query, variables) {
      const { data, errors } = await socket.request(query, variables);
      if (!data || errors.length > 0) throw new Error(`Refused: ${JSON.stringify(errors)}`);
      return data;
    },
    subscribe<T, V>(query: Query<Record<string, T>, V>, variables?: V): Flow<T> {
      const id = `flow-${++ids}`;
      const source = createFlow<T>(() => {
        flows.delete(id);
        if (ws.readyState === WebSocket.OPEN) socket.send({ type: 'complete', id });
      });
      flows.set(id, source as FlowSource<unknown>);
      socket.send({ type: 'subscribe', id, payload: { query: textOf(query), variables } });
      return source.flow;
    },
    async close() {
      ws.close(1000, 'Bye');
      await closed.promise;
    },
    cut: () => ws.terminate(),
    async [Symbol.asyncDispose]() {
      ws.terminate();
      if (ws.readyState !== WebSocket.CLOSED) await closed.promise;
    },
  };

  ws.on('message', (data: Buffer) => receive(JSON.parse(data.toString()) as Message));
  ws.on('close', (code, reason) => {
    closed.resolve({ code, reason: reason.toString() });
    const gone = new Error(`The socket was closed with ${code} ${reason}`);
    for (const { lose } of flows.values()) lose(gone);
    for (const { found } of takers.splice(0)) found.reject(gone);
  });
  await new Promise<void>((resolve, reject) => {
    ws.once('open', resolve);
    ws.once('error', reject);
  });
  ws.on('error', () => undefined);
  if (init) {
    socket.send({ type: 'connection_init', ...(connectionParams ? { payload: connectionParams } : {}) });
    await socket.take(({ type }) => type === 'connection_ack');
  }
  return socket;
}
