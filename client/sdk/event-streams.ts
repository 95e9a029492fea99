import { type Client, createClient, NetworkError } from 'graphql-sse';
import type { Address } from './address.ts';
import { type Credentials, identified } from './credentials.ts';
import { errorCode, fromGraphQLErrors, isPassing, SpacedockError } from './errors.ts';
import type { Operation } from './operation.ts';
import { deferred } from './promises.ts';
import type { Payload, Sink, Socket } from './socket.ts';
import { afterSilence } from './timing.ts';

export interface EventStreamsOptions {
  address: Address;
  credentials: Credentials;
  /** The server lets nothing be silent for longer than this; twice as long says that a stream is dead. */
  keepAliveSeconds: number;
  fetch: typeof fetch;
  signal?: AbortSignal | undefined;
}

/**
 * A browser opens six connections to a server over HTTP/1.1, all its tabs together counted: some must be left for everything else, and
 * for the other tabs. What is more takes turns: whoever has heard where things stand makes room.
 */
const AT_A_TIME = 3;
const AT_A_TIME_UNSEEN = 1;
const TURN_MS = 2000;
/** What came before the end of a stream has been told by then. */
const BROKEN_MS = 250;
const ANSWER_MS = 10_000;

interface Stream {
  operation: Operation;
  sink: Sink;
  /** It has had an event since it runs. */
  heard: boolean;
  stop(): void;
}

/**
 * What a WebSocket does for operations, over HTTP alone: each is a stream of events (graphql-sse, distinct connections). Rejects with
 * a SpacedockError unless the server answers. A stream that breaks off ends all of it, as a lost socket would.
 */
export async function openEventStreams(options: EventStreamsOptions): Promise<Socket> {
  const { address, signal } = options;
  await greet(options);
  const running = new Set<Stream>();
  const waiting: Stream[] = [];
  const { promise: ended, resolve: settleEnded } = deferred<SpacedockError>();
  let over: SpacedockError | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const client: Client = createClient({
    url: address.http,
    fetchFn: (url: string, init: RequestInit) => watchedFetch(options, url, init, end),
    retryAttempts: 0,
  });

  function end(reason: string): void {
    if (over) return;
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
    if (typeof document !== 'undefined') document.removeEventListener('visibilitychange', onVisibility);
    const lost = new SpacedockError('CONNECTION_LOST', `Lost the connection to ${address.base}: ${reason}`);
    over = lost;
    const all = [...running, ...waiting];
    running.clear();
    waiting.length = 0;
    for (const { stop, sink } of all) {
      stop();
      sink.error(lost);
    }
    client.dispose();
    settleEnded(lost);
  }

  function fill(): void {
    const room = unseen() ? AT_A_TIME_UNSEEN : AT_A_TIME;
    while (running.size < room && waiting.length > 0) run(waiting.shift()!);
    if (waiting.length > 0) timer ??= setTimeout(takeTurns, TURN_MS);
  }

  function takeTurns(): void {
    timer = undefined;
    const next = [...running].find(({ heard }) => heard);
    if (next && waiting.length > 0) makeRoom(next);
    fill();
  }

  function makeRoom(stream: Stream): void {
    stream.stop();
    running.delete(stream);
    waiting.push(stream);
  }

  function onVisibility(): void {
    if (unseen()) for (const stream of [...running].slice(AT_A_TIME_UNSEEN)) makeRoom(stream);
    fill();
  }

  function run(stream: Stream): void {
    running.add(stream);
    stream.heard = false;
    let stopped = false;
    const finish = (tell: () => void) => {
      if (stopped) return;
      stopped = true;
      running.delete(stream);
      tell();
      fill();
    };
    const stop = client.subscribe<Record<string, unknown>>(stream.operation, {
      next(result) {
        if (stopped) return;
        stream.heard = true;
        const payload = result as Payload;
        if (payload.errors?.length && payload.data == null) {
          stop();
          finish(() => stream.sink.error(fromGraphQLErrors(payload.errors!)));
        } else {
          stream.sink.next(payload);
        }
      },
      error(error) {
        if (!stopped)
          void refusalOf(error).then((refusal) =>
            refusal ? finish(() => stream.sink.error(refusal)) : end(reasonOf(error)),
          );
      },
      complete: () => finish(stream.sink.complete),
    });
    stream.stop = () => {
      stopped = true;
      stop();
    };
  }

  const onAbort = () => end('given up');
  signal?.addEventListener('abort', onAbort);
  if (typeof document !== 'undefined') document.addEventListener('visibilitychange', onVisibility);
  if (signal?.aborted) onAbort();

  return {
    via: 'sse',
    get open() {
      return over === undefined;
    },
    ended,
    start(operation, sink) {
      if (over) {
        sink.error(over);
        return () => {};
      }
      const stream: Stream = { operation, sink, heard: false, stop: () => {} };
      waiting.push(stream);
      fill();
      return () => {
        stream.stop();
        running.delete(stream);
        const index = waiting.indexOf(stream);
        if (index >= 0) waiting.splice(index, 1);
        if (!over) fill();
      };
    },
    async close() {
      end('closed');
    },
    cut: end,
  };
}

const unseen = (): boolean => typeof document !== 'undefined' && document.hidden;

/** Rejects unless the API answers here over HTTP, and knows who we are then. A visitor whom the server does not know comes as a new one. */
async function greet(options: EventStreamsOptions): Promise<void> {
  const { credentials } = options;
  try {
    await welcome(options);
  } catch (error) {
    if (errorCode(error) !== 'UNAUTHENTICATED' || !credentials.forgotten()) throw error;
    await welcome(options);
  }
}

async function welcome({ address, credentials, fetch, signal }: EventStreamsOptions): Promise<void> {
  const known = await credentials.authorization();
  // A browser is known by its cookie.
  const isNew = known === undefined && typeof document === 'undefined';
  const giveUp = AbortSignal.timeout(ANSWER_MS);
  const response = await fetch(address.http, {
    method: 'POST',
    ...identified(known),
    headers: { 'content-type': 'application/json', accept: 'application/json', ...known },
    body: JSON.stringify({ query: isNew ? 'mutation { startSession { token } }' : '{ __typename }' }),
    signal: signal ? AbortSignal.any([signal, giveUp]) : giveUp,
  });
  const { data, errors } = (await response.json()) as Payload;
  if (errors?.length) throw fromGraphQLErrors(errors);
  if (!data) throw new SpacedockError('CONNECTION_LOST', `${address.http} did not answer.`);
  credentials.welcomed((data.startSession as { token: string } | undefined)?.token);
}

/** A fetch whose body must not fall silent: comments that keep a stream alive count, too. */
async function watchedFetch(
  { credentials, fetch, keepAliveSeconds }: EventStreamsOptions,
  url: string,
  init: RequestInit,
  dead: (reason: string) => void,
): Promise<Response> {
  const silent = () => dead('it went silent');
  let stop = afterSilence(keepAliveSeconds * 2000, silent);
  init.signal?.addEventListener('abort', () => stop());
  const known = identified(await credentials.authorization());
  const headers = { ...(init.headers as Record<string, string>), ...(known.headers as Record<string, string>) };
  const response = await fetch(url, { ...init, ...known, headers });
  const watch = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      stop();
      stop = afterSilence(keepAliveSeconds * 2000, silent);
      controller.enqueue(chunk);
    },
    flush() {
      stop();
      // graphql-sse, ended in between two events without a Complete, waits for ever.
      setTimeout(() => init.signal?.aborted || dead('a stream broke off'), BROKEN_MS);
    },
  });
  return new Response(response.body?.pipeThrough(watch) ?? null, response);
}

/** What the server says against an operation; undefined where the way to it is what failed. */
async function refusalOf(error: unknown): Promise<SpacedockError | undefined> {
  const response = error instanceof NetworkError ? (error.response as Partial<Response> | undefined) : undefined;
  if (typeof response?.json !== 'function') return undefined;
  const body = (await response.json().catch(() => undefined)) as Payload | undefined;
  const refusal = body?.errors?.length ? fromGraphQLErrors(body.errors) : undefined;
  return isPassing(refusal) && refusal.retryAfterSeconds === undefined ? undefined : refusal;
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : 'the network failed');
