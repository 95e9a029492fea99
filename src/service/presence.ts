import type { AppId, JobId, SpaceId } from '../domain/ids.ts';
import { CLAIM_MS, type LeaseTimes, leaseUntil } from '../domain/lease.ts';
import type { Engine } from '../engine/engine.ts';
import type { AppSession, Held } from './app-session.ts';

export interface PresenceParts {
  engine: Engine;
  times: LeaseTimes & { silenceMs: number };
  sessions(): Iterable<AppSession>;
  /** The session may take work, or has others to take it from. */
  onReady(session: AppSession): void;
  /** A newer session of the same app is there. */
  onReplaced(session: AppSession): void;
  /** The session was silent for too long, and its socket is cut. */
  onSilent(session: AppSession): void;
  /** Something happened to a held job elsewhere: see what. */
  look(job: JobId): Promise<void>;
  revoke(session: AppSession, held: Held, reason: string): void;
  leaveDesk(session: AppSession, space: SpaceId): void;
  isThere(space: SpaceId): Promise<boolean>;
  /** A space that the session serves is no more. */
  onGone(session: AppSession, space: SpaceId): void;
  abandon(space: SpaceId, app: AppId, session: number): Promise<void>;
  background(work: Promise<unknown>): void;
}

/** Pongs are gathered this long before one renewal confirms them: most jobs report sooner, which confirms too. */
const CONFIRM_GATHER_MS = 100;

export type PresenceKeeper = ReturnType<typeof createPresenceKeeper>;

/** Keeps the presence and the leases of this process's apps alive, as long as they are. */
export function createPresenceKeeper(parts: PresenceParts) {
  const { engine, times, sessions, onReady, onReplaced, onSilent, look, revoke, leaveDesk, background } = parts;
  const { isThere, onGone, abandon } = parts;

  /** Renews presence and leases, as long as the client is heard, or is silent with work in hand. */
  async function keep(session: AppSession): Promise<void> {
    if (session.ended) return;
    const { presence, link } = session;
    const silent = link.silentMs();
    const status = silent < 2 * times.keepaliveMs ? 'CONNECTED' : 'RECONNECTING';
    if (status === 'RECONNECTING' && (session.held.size === 0 || silent >= times.silenceMs)) {
      link.terminate();
      onSilent(session);
      return;
    }
    const back = presence.status !== 'CONNECTED' && status === 'CONNECTED';
    session.presence = { ...presence, status };
    await renewAll(session, silent);
    if (back) onReady(session);
  }

  /** Renews what the client has, and what is on its way to one that is heard; sees what became of what it did not confirm in time. */
  async function renewAll(session: AppSession, silent: number): Promise<void> {
    const held = [...session.held.values()];
    const onItsWay = (one: Held) => !one.undelivered && session.presence.status === 'CONNECTED';
    await renew(
      session,
      held.filter((one) => one.confirmed || onItsWay(one)),
      silent,
    );
    for (const one of held) if (one.undelivered && !one.released) await look(one.job);
  }

  async function renew(session: AppSession, leases: Held[], silent: number): Promise<void> {
    const { presence } = session;
    const now = engine.now();
    const change = { status: presence.status, lastSeenAt: Math.round(now - silent), until: leaseUntil(now, times) };
    for (const space of presence.spaces) {
      const here = leases.filter((held) => held.space === space && !held.released);
      const list = here.map(({ job, token, confirmed }) => ({ job, token, confirmed }));
      const renewal = await engine.presence.renew(space, presence.id, presence.session, change, list);
      if (session.ended) return;
      if (!renewal) return again(session);
      for (const id of [...renewal.lost, ...renewal.cancelling]) await look(id);
      // What is still held of the lost was taken by someone who has not told yet.
      for (const id of renewal.lost) {
        const held = session.held.get(id);
        if (held) revoke(session, held, 'The lease ran out');
      }
    }
  }

  /** One of the app's spaces is no more: it goes on in the others. */
  async function withdraw(session: AppSession, space: SpaceId): Promise<void> {
    const { id, session: number, spaces: served } = session.presence;
    session.presence = { ...session.presence, spaces: served.filter((other) => other !== space) };
    leaveDesk(session, space);
    await abandon(space, id, number);
    if (!session.ended) await again(session);
  }

  /** Writes the presence anew, unless it was replaced by a newer session: it went with an outage, or its spaces are others. */
  async function again(session: AppSession): Promise<void> {
    const { id } = session.presence;
    for (const space of session.presence.spaces) {
      const { apps } = await engine.presence.list(space);
      // Of this session's own numbers, the one at hand is the newest.
      if (apps.some((app) => app.id === id && app.session > session.presence.session)) {
        onReplaced(session);
        return;
      }
    }
    const number = await engine.nextSession();
    if (session.ended) return;
    const now = engine.now();
    session.presence = { ...session.presence, session: number, until: leaseUntil(now, times), lastSeenAt: now };
    const mine = [...session.held.values()];
    for (const space of session.presence.spaces) {
      const leases = await engine.presence.register(space, session.presence);
      if (session.ended) return;
      if (!leases) return onReplaced(session);
      // Who deleted the space was not heard during an outage, or looked before the presence was written.
      const there = await isThere(space);
      if (session.ended) return;
      if (!there) return onGone(session, space);
      for (const held of mine.filter((one) => one.space === space)) {
        if (!leases.some((lease) => lease.token === held.token)) await look(held.job);
      }
    }
    onReady(session);
  }

  /** Confirmed deliveries are renewed together; those that reported meanwhile need it no more. */
  function gather(session: AppSession, held: Held[]): void {
    if (held.length === 0) return;
    const timer = setTimeout(() => {
      const live = held.filter((one) => !one.released);
      if (live.length > 0 && !session.ended) background(renew(session, live, session.link.silentMs()));
    }, CONFIRM_GATHER_MS);
    timer.unref();
  }

  let ticked = performance.now();
  // A claim must not run out between two ticks.
  const tick = setInterval(
    () => {
      const late = performance.now() - ticked > 2 * times.keepaliveMs;
      ticked = performance.now();
      // After a stall of our own nobody's silence is known.
      for (const session of sessions()) background(late ? renewAll(session, 0) : keep(session));
    },
    Math.min(times.keepaliveMs, CLAIM_MS / 2),
  );
  tick.unref();

  return { keep, gather, withdraw, stop: () => clearInterval(tick) };
}
