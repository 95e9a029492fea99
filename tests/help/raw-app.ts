import { once } from 'node:events';
import { WebSocket } from 'ws';
import { createInbox, type Inbox } from './inbox.ts';

/** What a remote app is told, as the server writes it. */
export type RawEvent =
  | { __typename: 'AppRegistered'; app: RawRemoteApp; kept: string[]; lost: string[] }
  | { __typename: 'RequestAssigned'; lease: { token: string; expiresAt: string }; job: RawJob }
  | { __typename: 'CancelRequested'; jobId: string; token: string }
  | { __typename: 'LeaseRevoked'; jobId: string; token: string; reason: string }
  | { __typename: 'ServerDraining'; deadline: string };
export interface RawRemoteApp {
  id: string;
  name: string;
  version: string | null;
  status: string;
  spaces: string[];
  capacity: number;
  running: number;
}
export interface RawJob {
  id: string;
  attempt: number;
  input: { prompt: string | null; files: { url: string }[] };
}
export type RawAssigned = Extract<RawEvent, { __typename: 'RequestAssigned' }>;

/** A lease, as reports name it. */
export interface RawLease {
  job: string;
  lease: string;
}
export const leaseOf = ({ job, lease }: RawAssigned): RawLease => ({ job: job.id, lease: lease.token });

/** The job after a report, or the refusal. */
export type Answer = { id: string; status: string; revision: number } | { code: string; message: string };

export interface RawError {
  message: string;
  extensions: { code: string; field?: string; limit?: number };
}

/** What answers protocol Pings: with the payload (as most clients), without it, or nobody. */
export type Pongs = 'payload' | 'empty' | 'withheld';

export interface RawAppInput {
  instance: string;
  name: string;
  version?: string;
  spaces: string[];
  capacity?: number;
  resume?: RawLease[] | null;
}

/** A remote app without the SDK: graphql-transport-ws by hand, so that it can do every part of it wrong. */
export interface RawApp extends AsyncDisposable {
  /** Resolves to the first event; rejects with the first error when it is refused. */
  readonly registered: Promise<Extract<RawEvent, { __typename: 'AppRegistered' }>>;
  readonly events: Inbox<RawEvent>;
  /** The payloads of the protocol Pings that came. */
  readonly pings: Inbox<unknown>;
  /** How its registration was ended by the server: with errors, or with null by Complete. */
  readonly ended: Promise<RawError[] | null>;
  readonly closed: Promise<{ code: number; reason: string }>;
  pongs: Pongs;
  /** The next event of a type that nobody has taken. */
  event<T extends RawEvent['__typename']>(type: T): Promise<Extract<RawEvent, { __typename: T }>>;
  /** The next request; `requests(n)`: the next so many, in order. */
  request(): Promise<RawAssigned>;
  requests(count: number): Promise<RawAssigned[]>;
  /** Answers a Ping by hand; without argument a Pong without payload. */
  pong(payload?: unknown): void;
  progress(lease: RawLease | RawAssigned, stage: string, progress?: number): Promise<Answer>;
  complete(lease: RawLease | RawAssigned, result?: unknown): Promise<Answer>;
  fail(lease: RawLease | RawAssigned, error: string, retryable?: boolean): Promise<Answer>;
  cancelled(lease: RawLease | RawAssigned): Promise<Answer>;
  /** Registers once more on the same socket, under another operation id. */
  again(input: RawAppInput): Promise<RawEvent>;
  /** Any operation. Resolves to its first result. */
  call<T>(query: string, variables?: Record<string, unknown>): Promise<{ data?: T; errors?: RawError[] }>;
  /** Nothing is answered any more, neither Pings nor control frames: as of a program that computes, or is held. */
  silent: boolean;
  /** The goodbye of one operation: Complete. */
  goodbye(): void;
  /** Closes the socket with this code. @default 1000 */
  close(code?: number): void;
  /** Cuts the socket without a word. */
  cut(): void;
}

const PENDING = `subscription ($input: RemoteAppInput!) { pendingRequests(input: $input) {
  __typename
  ... on AppRegistered { app { id name version status spaces capacity running } kept lost }
  ... on RequestAssigned { lease { token expiresAt } job { id attempt input { prompt files { url } } } }
  ... on CancelRequested { jobId: job token: lease }
  ... on LeaseRevoked { jobId: job token: lease reason }
  ... on ServerDraining { deadline }
} }`;

interface Message {
  type: string;
  id?: string;
  payload?: unknown;
}
type Result = { data?: Record<string, unknown>; errors?: RawError[] };

let instances = 0;

/** An app that is named after its instance, and serves these spaces. */
export const rawInput = (spaces: string[], more: Partial<RawAppInput> = {}): RawAppInput => {
  const instance = more.instance ?? `raw-${++instances}`;
  return { name: instance, spaces, ...more, instance };
};

/** Connects and subscribes; `registered` tells when it is. `socket`: `ws://…/graphql`. */
export async function startRawApp(socket: string, input: RawAppInput, pongs: Pongs = 'payload'): Promise<RawApp> {
  const ws = new WebSocket(socket, 'graphql-transport-ws', { autoPong: false });
  const events = createInbox<RawEvent>();
  const pings = createInbox<unknown>();
  const results = createInbox<Message>();
  const ended = Promise.withResolvers<RawError[] | null>();
  const registered = Promise.withResolvers<Extract<RawEvent, { __typename: 'AppRegistered' }>>();
  const closed = once(ws, 'close').then(([code, reason]: unknown[]) => ({ code: code as number, reason: `${reason}` }));
  registered.promise.catch(() => {});
  let operations = 0;

  const write = (message: Message) => ws.send(JSON.stringify(message));

  function hear(message: Message): void {
    if (message.type === 'ping') {
      pings.put(message.payload);
      if (app.silent || app.pongs === 'withheld') return;
      app.pong(app.pongs === 'payload' ? message.payload : undefined);
    } else if (message.id === '1') {
      hearRegistration(message);
    } else if (message.id !== undefined) {
      results.put(message);
    }
  }

  function hearRegistration({ type, payload }: Message): void {
    const { data, errors } = type === 'next' ? (payload as Result) : { errors: payload as RawError[] | undefined };
    const event = data?.pendingRequests as RawEvent | undefined;
    if (event) {
      if (event.__typename === 'AppRegistered') registered.resolve(event);
      events.put(event);
    } else {
      registered.reject(new Error(errors?.[0]?.message ?? 'The server ended the registration'));
      ended.resolve(errors ?? null);
    }
  }

  function subscribe(id: string, query: string, variables: object | undefined): void {
    write({ type: 'subscribe', id, payload: { query, variables } as unknown });
  }

  async function first(query: string, variables?: object): Promise<Result> {
    const id = `${++operations}`;
    subscribe(id, query, variables);
    const { type, payload } = await results.take((message) => message.id === id && message.type !== 'complete');
    return type === 'error' ? { errors: payload as RawError[] } : (payload as Result);
  }

  async function report(verb: string, lease: RawLease | RawAssigned, more: object): Promise<Answer> {
    const named = typeof lease.lease === 'string' ? (lease as RawLease) : leaseOf(lease as RawAssigned);
    const query = `mutation ($input: ${verb}Input!) { r: ${verb[0]!.toLowerCase()}${verb.slice(1)}(input: $input) { id status revision } }`;
    const { data, errors } = await first(query, { input: { ...named, ...more } });
    if (errors) return { code: errors[0]!.extensions.code, message: errors[0]!.message };
    return data!.r as Answer;
  }

  const app: RawApp = {
    registered: registered.promise,
    events,
    pings,
    ended: ended.promise,
    closed,
    pongs,
    silent: false,
    event: <T extends RawEvent['__typename']>(type: T) =>
      events.take((event): event is Extract<RawEvent, { __typename: T }> => event.__typename === type),
    request: () => app.event('RequestAssigned'),
    requests: async (count) => {
      const requests: RawAssigned[] = [];
      while (requests.length < count) requests.push(await app.request());
      return requests;
    },
    pong: (payload) => write({ type: 'pong', ...(payload === undefined ? {} : { payload }) }),
    progress: (lease, stage, progress) => report('ReportProgress', lease, { stage, progress }),
    complete: (lease, result) => report('ReportComplete', lease, { result }),
    fail: (lease, error, retryable = false) => report('ReportFailure', lease, { error, retryable }),
    cancelled: (lease) => report('ReportCancelled', lease, {}),
    async again(next) {
      const { data, errors } = await first(PENDING, { input: next });
      if (errors) throw new Error(JSON.stringify(errors));
      return data!.pendingRequests as RawEvent;
    },
    call: (query, variables) => first(query, variables) as Promise<never>,
    goodbye: () => write({ type: 'complete', id: '1' }),
    close: (code = 1000) => ws.close(code),
    cut: () => ws.terminate(),
    async [Symbol.asyncDispose]() {
      if (ws.readyState === WebSocket.CLOSED) return;
      ws.terminate();
      await closed;
    },
  };

  ws.on('error', () => {});
  ws.on('ping', (data) => {
    if (!app.silent) ws.pong(data);
  });
  ws.on('message', (data) => hear(JSON.parse(`${data}`) as Message));
  ws.on('close', (code, reason) => {
    const why = `The socket of ${input.name} closed (${code} ${reason})`;
    for (const inbox of [events, pings, results]) inbox.end(why);
    registered.reject(new Error(why));
  });
  await once(ws, 'open');
  const acknowledged = once(ws, 'message');
  write({ type: 'connection_init' });
  await acknowledged;
  operations = 1;
  subscribe('1', PENDING, { input });
  return app;
}
