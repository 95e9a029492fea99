import { parseAddress } from './address.ts';
import { createBackoff } from './backoff.ts';
import { createCredentials } from './credentials.ts';
import { pendingRequestsSubscription } from './documents.ts';
import { fromGraphQLErrors, SpacedockError } from './errors.ts';
import type { PendingRequestsSubscription } from './gql/graphql.ts';
import { operationOf } from './operation.ts';
import { deferred } from './promises.ts';
import type { InferenceRequest, RemoteApp, RemoteAppEvent, RemoteAppOptions } from './remote-app-options.ts';
import { createSessions } from './sessions.ts';
import { openSocket, type Socket } from './socket.ts';
import { afterSilence, pause } from './timing.ts';
import { createWork, type Work, type WorkContext } from './work.ts';

type ServerEvent = PendingRequestsSubscription['pendingRequests'];
type Registered = Extract<ServerEvent, { __typename: 'AppRegistered' }>;
type Assigned = Extract<ServerEvent, { __typename: 'RequestAssigned' }>;

/** Refusals of a registration that trying again cannot change. CONFLICT: this instance registered elsewhere. */
const FATAL = new Set(['NOT_FOUND', 'FORBIDDEN', 'CONFLICT', 'BAD_USER_INPUT', 'UNAUTHENTICATED']);

/** A server that acknowledged the connection but does not register the app within this is not well. */
const REGISTER_MS = 10_000;

/** What a server that goes away closes its sockets with: others are there already. */
const GOING_AWAY = 1001;

/**
 * Serves spaces from wherever this program runs: dials out, registers, is pushed requests, and reports. Connects again
 * for ever, and comes back to the work it holds. Throws a TypeError when `url` is not an address.
 */
export function connectRemoteApp(options: RemoteAppOptions): RemoteApp {
  const { spaces, capacity = 1, name = 'remote app', version, keepAliveSeconds = 10 } = options;
  const instance = options.instance ?? crypto.randomUUID();
  const address = parseAddress(options.url);
  const credentials = createCredentials(options.token);
  const sessions = createSessions();
  const context: WorkContext = { handler: options.handler, emit, sessions, address, credentials };
  const works = new Map<string, Work>();
  /** Assigned, but the server does not know yet that we know. */
  const unconfirmed: Work[] = [];
  const registered = deferred<void>();
  const backoff = createBackoff();
  const stopping = new AbortController();
  let socket: Socket | undefined;
  let registration: { leave(): void } | undefined;
  let draining = false;
  let over = false;
  let reconnectAtOnce = false;
  let failure: SpacedockError | undefined;

  function emit(event: RemoteAppEvent): void {
    try {
      options.onEvent?.(event);
    } catch (error) {
      // The listener's fault must be seen, and must not take the connection down.
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  async function run(): Promise<void> {
    while (!over) {
      emit({ type: 'connecting', url: address.base });
      const lost = await openSocket({
        address,
        credentials,
        keepAliveSeconds,
        signal: stopping.signal,
        onPongSent: startDelivered,
      }).then(hold, (error: SpacedockError) => error);
      if (over) break;
      if (FATAL.has(lost.code)) {
        emit({ type: 'refused', final: true, error: lost });
        await end(lost);
        break;
      }
      const retryInMs = lost.closeCode === GOING_AWAY && reconnectAtOnce ? 0 : backoff.next();
      reconnectAtOnce = false;
      emit({ type: 'disconnected', code: lost.closeCode ?? 0, reason: lost.message, retryInMs });
      await pause(retryInMs, stopping.signal);
    }
    if (failure) throw failure;
  }

  /** Serves over one connection until it is gone. */
  async function hold(opened: Socket): Promise<SpacedockError> {
    socket = opened;
    if (over) await opened.close();
    else register(opened);
    return opened.ended;
  }

  /** Registers, or registers anew on the same connection: then the older registration ends with CONFLICT. */
  function register(opened: Socket): void {
    const stopWaiting = afterSilence(REGISTER_MS, () => opened.cut('it did not register the app'));
    void opened.ended.then(stopWaiting);
    const resume = [...works.values()].filter((work) => work.held).map(({ job, lease }) => ({ job, lease }));
    const input = { instance, name, version, spaces, capacity: draining ? 0 : capacity, resume };
    const mine = { leave: () => {} };
    registration = mine;

    function refuse(error: SpacedockError): void {
      stopWaiting();
      if (registration !== mine || over || error.code === 'CONNECTION_LOST') return;
      const final = FATAL.has(error.code);
      emit({ type: 'refused', final, error });
      if (final) void end(error);
      else opened.cut(error.message);
    }

    mine.leave = opened.start(operationOf(pendingRequestsSubscription, { input }), {
      next: ({ data, errors }) => {
        if (errors?.length) return refuse(fromGraphQLErrors(errors));
        const event = (data as PendingRequestsSubscription).pendingRequests;
        if (event.__typename === 'AppRegistered') stopWaiting();
        // What was assigned while we registered anew is not among the leases we resume: the server gives it to others.
        if (registration === mine || event.__typename !== 'RequestAssigned') receive(opened, event);
      },
      error: refuse,
      complete: () => refuse(new SpacedockError('SERVER_DRAINING', 'The server ended the registration.')),
    });
  }

  function receive(opened: Socket, event: ServerEvent): void {
    switch (event.__typename) {
      case 'AppRegistered':
        settle(event);
        sessions.registered(opened);
        registered.resolve();
        break;
      case 'RequestAssigned':
        take(event);
        break;
      case 'CancelRequested':
        works.get(event.leaseToken)?.cancel();
        break;
      case 'LeaseRevoked':
        works.get(event.leaseToken)?.lose(leaseLost(event.reason));
        break;
      case 'ServerDraining':
        // It closes the socket when it goes; until then it takes our reports.
        break;
    }
  }

  function settle({ app, kept, lost }: Registered): void {
    backoff.reset();
    reconnectAtOnce = true;
    emit({ type: 'registered', app, kept, lost });
    for (const work of works.values()) {
      if (lost.includes(work.job)) work.lose(leaseLost('The lease ended while the connection was away.'));
      else if (kept.includes(work.job)) work.start();
    }
  }

  function take({ lease, job }: Assigned): void {
    if (works.has(lease.token)) return;
    const request: InferenceRequest = {
      id: job.id,
      space: job.space?.id ?? '',
      prompt: job.input?.prompt ?? null,
      parameters: job.input?.parameters ?? null,
      files: job.input?.files ?? [],
      attempt: job.attempt,
      submitter: job.submitter,
      createdAt: job.createdAt,
    };
    const work = createWork(request, lease.token, context);
    works.set(work.lease, work);
    unconfirmed.push(work);
    void work.over.then(() => works.delete(work.lease));
    emit({ type: 'request', job: job.id, request });
  }

  /**
   * The answer to the server's Ping, which proves that requests arrived, was written. A handler that blocks the event
   * loop from its first line on must not hold that answer back, so it starts a turn later.
   */
  function startDelivered(): void {
    const delivered = unconfirmed.splice(0);
    setImmediate(() => {
      for (const work of delivered) work.start();
    });
  }

  function drain(): Promise<void> {
    if (!draining && !over) {
      draining = true;
      emit({ type: 'draining' });
      if (works.size > 0 && socket?.open) register(socket);
      void finishWork().then(() => end());
    }
    return done;
  }

  async function finishWork(): Promise<void> {
    while (works.size > 0) await Promise.all([...works.values()].map((work) => work.over));
  }

  function close(): Promise<void> {
    void end();
    return done;
  }

  /** Lets go of everything, with a goodbye: what is still in hand goes to others at once. */
  async function end(error?: SpacedockError): Promise<void> {
    if (over) return;
    over = true;
    failure = error;
    stopListening();
    const reason = error ?? new SpacedockError('CONNECTION_LOST', 'The app was closed.');
    for (const work of works.values()) work.lose(reason);
    registration?.leave();
    await socket?.close();
    stopping.abort(reason);
  }

  const stopListening = options.drainOnSignals === false ? () => {} : onSignals(() => (draining ? close() : drain()));
  const done = run();
  const ended = () =>
    registered.reject(failure ?? new SpacedockError('CONNECTION_LOST', 'The app ended before it was registered.'));
  done.then(ended, ended);
  // Whoever waits for neither hears of the end by `done`, which nobody else catches.
  registered.promise.catch(() => {});

  return { instance, registered: registered.promise, done, drain, close, [Symbol.asyncDispose]: close };
}

const leaseLost = (message: string) => new SpacedockError('LEASE_LOST', message);

function onSignals(handle: () => Promise<void>): () => void {
  // What the app ended with is told by `done`.
  const listener = () => void handle().catch(() => {});
  const signals = ['SIGTERM', 'SIGINT'] as const;
  for (const signal of signals) process.on(signal, listener);
  return () => {
    for (const signal of signals) process.off(signal, listener);
  };
}
