import { randomUUID } from 'node:crypto';
import type { SpaceId } from '../domain/ids.ts';
import type { Job } from '../domain/job.ts';
import { CLAIM_MS } from '../domain/lease.ts';
import type { Engine, SpaceSignal, Unlisten } from '../engine/engine.ts';
import { type AppSession, type Held, newHeld } from './app-session.ts';
import type { Jobs } from './jobs.ts';

/** Idle capacity is tried again this often, even if no wake-up came. */
const IDLE_MS = 2000;
/** Requests claimed at once. */
const BATCH = 16;
/** With more unsent bytes than this on its socket an app gets no more requests: on a slow line they would only wait there. */
const MAX_UNSENT = 256 * 1024;

/** Where the apps of one space on this process wait for its jobs. */
interface Desk {
  space: SpaceId;
  sessions: Set<AppSession>;
  /** There may be jobs waiting. */
  hot: boolean;
  pumping: boolean;
  listening: Promise<Unlisten>;
}

export interface DispatcherParts {
  engine: Engine;
  jobs: Jobs;
  onSignal(space: SpaceId, signal: SpaceSignal): void;
  /** A claimed job for the session. */
  onClaimed(session: AppSession, held: Held, job: Job): void;
  /** A claimed job whose session ended meanwhile. */
  onOrphan(held: Held): void;
  onError(error: unknown): void;
}

export type Dispatcher = ReturnType<typeof createDispatcher>;

/** Brings waiting jobs and free apps of this process together. */
export function createDispatcher({ engine, jobs, onSignal, onClaimed, onOrphan, onError }: DispatcherParts) {
  const desks = new Map<SpaceId, Desk>();
  let stopped = false;

  const takes = ({ registered, ended, blocked, presence, link }: AppSession): boolean =>
    registered && !ended && !blocked && presence.status === 'CONNECTED' && link.unsent <= MAX_UNSENT;
  const free = (session: AppSession): number =>
    takes(session) ? session.presence.capacity - session.held.size - session.reserved : 0;
  const load = (session: AppSession): number => (session.held.size + session.reserved) / session.presence.capacity;

  function wake(desk: Desk): void {
    desk.hot = true;
    if (desk.pumping || stopped) return;
    desk.pumping = true;
    pump(desk)
      .catch(onError)
      .finally(() => {
        desk.pumping = false;
      });
  }

  async function pump(desk: Desk): Promise<void> {
    while (desk.hot && !stopped) {
      const waiting = [...desk.sessions].filter((session) => free(session) > 0).sort((a, b) => load(a) - load(b));
      // Without capacity the desk stays hot: whoever becomes free looks again.
      if (waiting.length === 0) return;
      desk.hot = false;
      // One app alone takes all it can; several, or several spaces, take one each in turn, so that nobody hoards.
      const [only] = waiting;
      const alone = waiting.length === 1 && only!.presence.spaces.length === 1;
      const full = await Promise.all(
        waiting.map((session) => claim(desk, session, alone ? Math.min(free(session), BATCH) : 1)),
      );
      if (full.some(Boolean)) desk.hot = true;
    }
  }

  /** Whether it got all it asked for. */
  async function claim(desk: Desk, session: AppSession, wanted: number): Promise<boolean> {
    const { id, name, version, owner, session: number } = session.presence;
    const tokens = Array.from({ length: wanted }, () => randomUUID());
    session.reserved += wanted;
    try {
      const claimed = await engine.jobs.claim(desk.space, { id, name, version, owner }, number, tokens, CLAIM_MS);
      for (const { job, input } of claimed) {
        if (job.status !== 'RUNNING' || !job.lease) continue;
        jobs.began(job, input);
        const held = newHeld(job, desk.space, job.lease.token, false);
        if (session.ended) onOrphan(held);
        else {
          jobs.hold(job);
          session.lastSpace = desk.space;
          onClaimed(session, held, job);
        }
      }
      return claimed.length === wanted;
    } finally {
      session.reserved -= wanted;
      // Another of its spaces may have waited for the room that this one did not fill.
      freed(session);
    }
  }

  function freed(session: AppSession): void {
    if (free(session) <= 0) return;
    const { spaces } = session.presence;
    const turn = session.lastSpace === null ? 0 : spaces.indexOf(session.lastSpace) + 1;
    for (let i = 0; i < spaces.length; i++) {
      const desk = desks.get(spaces[(turn + i) % spaces.length]!);
      if (desk?.hot) wake(desk);
    }
  }

  const idle = setInterval(() => {
    for (const desk of desks.values()) wake(desk);
  }, IDLE_MS);
  idle.unref();

  return {
    /** Resolves when no signal of the space can be missed any more. */
    async join(session: AppSession, space: SpaceId): Promise<void> {
      let desk = desks.get(space);
      if (!desk) {
        const fresh: Desk = {
          space,
          sessions: new Set(),
          hot: false,
          pumping: false,
          listening: engine.bus.listenSpace(space, (signal) => {
            if (signal.type === 'queued' || signal.type === 'released') wake(fresh);
            onSignal(space, signal);
          }),
        };
        desk = fresh;
        desks.set(space, desk);
      }
      desk.sessions.add(session);
      try {
        await desk.listening;
      } catch (error) {
        this.leave(session, space);
        throw error;
      }
    },

    leave(session: AppSession, space: SpaceId): void {
      const desk = desks.get(space);
      if (!desk?.sessions.delete(session) || desk.sessions.size > 0) return;
      desks.delete(space);
      desk.listening.then((unlisten) => unlisten()).catch(() => undefined);
    },

    /** The session may take work: at its registration, or when it was away. */
    ready(session: AppSession): void {
      for (const space of session.presence.spaces) {
        const desk = desks.get(space);
        if (desk) wake(desk);
      }
    },

    /** The session has room again: its spaces take turns. */
    freed,

    serves: (space: SpaceId): boolean =>
      [...(desks.get(space)?.sessions ?? [])].some(
        (session) => !session.ended && session.presence.capacity > 0 && session.presence.status === 'CONNECTED',
      ),

    stop(): void {
      stopped = true;
      clearInterval(idle);
    },
  };
}
