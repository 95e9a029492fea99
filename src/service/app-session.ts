import type { Presence } from '../domain/app.ts';
import type { JobId, SpaceId } from '../domain/ids.ts';
import type { Job } from '../domain/job.ts';
import type { Instant } from '../domain/json.ts';
import { CONFIRM_MS } from '../domain/lease.ts';
import type { RemoteApp } from './connections.ts';
import { createStream, type Stream } from './stream.ts';

/** What a remote app needs of the socket it came by; `live/socket.ts` gives it. */
export interface AppLink {
  /** Sends a protocol Ping; `taken` is called when the socket has taken it and everything before it. */
  ping(payload: { lease: string }, taken: () => void): void;
  /** Characters sent by it so far. */
  readonly sent: number;
  /** Bytes of that which the socket has not taken yet. */
  readonly unsent: number;
  onPong(handler: (payload: unknown) => void): () => void;
  /** Called when the client is heard again after a silence. */
  onHeard(handler: () => void): () => void;
  /** Milliseconds since the client was last heard, by anything it sent. */
  silentMs(): number;
  /** Whether the socket ended other than by the client's goodbye (close 1000, or Complete on an open socket). */
  readonly lost: boolean;
  /** Cuts the socket. */
  terminate(): void;
  /** The socket is not cut for silence while any guard says so. */
  guard(busy: () => boolean): () => void;
}

/** The events of `pendingRequests`. */
export type AppEvent =
  | { type: 'AppRegistered'; app: RemoteApp; kept: JobId[]; lost: JobId[] }
  | { type: 'RequestAssigned'; lease: { token: string; job: JobId; expiresAt: Instant }; job: Job }
  | { type: 'CancelRequested'; job: JobId; lease: string }
  | { type: 'LeaseRevoked'; job: JobId; lease: string; reason: string }
  | { type: 'ServerDraining'; deadline: Instant };

/** A lease of an app on this process. */
export interface Held {
  job: JobId;
  space: SpaceId;
  token: string;
  /** The job's revision when this process took the lease up: an older one tells nothing of it. */
  since: number;
  confirmed: boolean;
  /** The time to confirm it is over: it is being given back. */
  undelivered: boolean;
  cancelTold: boolean;
  released: boolean;
}

export const newHeld = (job: Job, space: SpaceId, token: string, confirmed: boolean): Held => ({
  job: job.id,
  space,
  token,
  since: job.revision,
  confirmed,
  undelivered: false,
  cancelTold: false,
  released: false,
});

/** Characters between two Pings at most: on a slow line the first requests are confirmed while the last still wait to be sent. */
const PING_AFTER = 256 * 1024;

interface Ping {
  token: string;
  assigned: Held[];
  cancels: Held[];
  takenAt: number | null;
}

/** One registration: a `pendingRequests` subscription on this process. */
export interface AppSession {
  presence: Presence;
  readonly link: AppLink;
  readonly stream: Stream<AppEvent>;
  readonly held: Map<JobId, Held>;
  /** Nothing is claimed for it before. */
  registered: boolean;
  /** Claims under way. */
  reserved: number;
  /** A delivery was not confirmed: nothing more until the client answers a Ping. */
  blocked: boolean;
  ended: boolean;
  /** Where the turn of its spaces stands. */
  lastSpace: SpaceId | null;
  cancel(held: Held): void;
  /** Lets go of the socket. */
  quit(): void;
}

export interface SessionHandlers {
  onClose(): void;
  /** The client is heard again after a silence. */
  onHeard(): void;
  /** It takes work again. */
  onUnblocked(): void;
  /** The socket has taken what it was told. */
  onTaken(): void;
  /** The client has these requests. */
  onConfirmed(held: Held[]): void;
  onUndelivered(held: Held[]): void;
  /** The client knows that it should stop these. */
  onCancelDelivered(held: Held[]): void;
}

/**
 * Delivery to one app. Whatever was handed to the socket is followed by one Ping, within much of it by several; the Pong proves that
 * the client has all before it, as messages arrive in order.
 */
export function createSession(presence: Presence, link: AppLink, handlers: SessionHandlers): AppSession {
  let assigned: Held[] = [];
  let cancels: Held[] = [];
  const outstanding: Ping[] = [];
  let pingedAt = link.sent;
  let answeredAt = 0;
  let timer: NodeJS.Timeout | null = null;

  /** The socket was handed this event: the next Ping asks for it. */
  function handed(event: AppEvent): void {
    if (event.type === 'RequestAssigned') {
      const held = session.held.get(event.lease.job);
      if (held?.token === event.lease.token) assigned.push(held);
    } else if (event.type === 'CancelRequested') {
      const held = session.held.get(event.job);
      if (held?.token === event.lease) cancels.push(held);
    }
  }

  function ping(): void {
    const last = assigned.at(-1) ?? cancels.at(-1);
    if (!last) return;
    const sent: Ping = { token: last.token, assigned, cancels, takenAt: null };
    assigned = [];
    cancels = [];
    outstanding.push(sent);
    link.ping({ lease: sent.token }, () => {
      sent.takenAt = performance.now();
      watch();
      handlers.onTaken();
    });
    pingedAt = link.sent;
  }

  const pending = (held: Held) => !held.confirmed && !held.released;

  /** Looks at the oldest unanswered Ping when its time is over. */
  function watch(): void {
    if (timer || session.ended) return;
    // What a report confirmed, or what is over, needs no Pong.
    while (outstanding[0] && outstanding[0].cancels.length === 0 && !outstanding[0].assigned.some(pending)) {
      outstanding.shift();
    }
    const oldest = outstanding[0];
    if (!oldest || oldest.takenAt === null) return;
    // Each answer shows that the line moves, however slowly.
    const left = Math.max(oldest.takenAt, answeredAt) + CONFIRM_MS - performance.now();
    if (left > 0) {
      timer = setTimeout(() => {
        timer = null;
        watch();
      }, left + 1);
      timer.unref();
      return;
    }
    outstanding.shift();
    const missing = oldest.assigned.filter(pending);
    if (missing.length > 0) {
      session.blocked = true;
      for (const held of missing) held.undelivered = true;
      handlers.onUndelivered(missing);
    }
    watch();
  }

  const offPong = link.onPong((payload) => {
    if (session.blocked) {
      session.blocked = false;
      handlers.onUnblocked();
    }
    const token = (payload as { lease?: unknown } | null | undefined)?.lease;
    const index = typeof token === 'string' ? outstanding.findIndex((sent) => sent.token === token) : 0;
    const answered = outstanding.splice(0, index + 1);
    if (answered.length > 0) answeredAt = performance.now();
    const confirmed = answered.flatMap((sent) => sent.assigned).filter(pending);
    for (const held of confirmed) held.confirmed = true;
    handlers.onConfirmed(confirmed);
    const told = answered.flatMap((sent) => sent.cancels).filter((held) => !held.released);
    if (told.length > 0) handlers.onCancelDelivered(told);
  });

  const offHeard = link.onHeard(handlers.onHeard);
  const offGuard = link.guard(() => session.held.size > 0);

  const session: AppSession = {
    presence,
    link,
    stream: createStream<AppEvent>({
      onClose: () => {
        session.quit();
        handlers.onClose();
      },
      onTaken(event, drained) {
        handed(event);
        if (drained || link.sent - pingedAt >= PING_AFTER) ping();
      },
    }),
    held: new Map(),
    registered: false,
    reserved: 0,
    blocked: false,
    ended: false,
    lastSpace: null,
    cancel(held) {
      held.cancelTold = true;
      session.stream.push({ type: 'CancelRequested', job: held.job, lease: held.token });
    },
    quit() {
      if (timer) clearTimeout(timer);
      timer = null;
      offPong();
      offHeard();
      offGuard();
    },
  };
  return session;
}
