import { checkRegistration, type Presence, type Registration, register } from '../domain/app.ts';
import type { AppId, JobId, SpaceId } from '../domain/ids.ts';
import { isActive, type Job, leaseOf } from '../domain/job.ts';
import { CLAIM_MS, type LeaseTimes } from '../domain/lease.ts';
import { undelivered } from '../domain/recovery.ts';
import { Refusal } from '../domain/refusal.ts';
import { cancelDelivered } from '../domain/transitions.ts';
import type { Viewer } from '../domain/viewer.ts';
import { type Engine, EngineUnavailable, type HeldLease, type SpaceSignal } from '../engine/engine.ts';
import type { Log } from '../log.ts';
import { type AppEvent, type AppLink, type AppSession, createSession, type Held, newHeld } from './app-session.ts';
import type { Audit, Doer } from './audit.ts';
import type { Connections } from './connections.ts';
import { createDispatcher } from './dispatcher.ts';
import type { Jobs } from './jobs.ts';
import { createLeases } from './leases.ts';
import { denied, isAdmin, mayServe } from './permissions.ts';
import { createPresenceKeeper } from './presence.ts';
import type { Spaces } from './spaces.ts';
import type { Stream } from './stream.ts';

export interface AppsParts {
  engine: Engine;
  jobs: Jobs;
  spaces: Spaces;
  connections: Connections;
  audit: Audit;
  times: LeaseTimes & { silenceMs: number };
  log: Log;
}

export interface RegisterInput extends Registration {
  /** Null: keep all confirmed leases of this instance. A list: keep only these. */
  resume: readonly { job: JobId; lease: string }[] | null;
}

export type Apps = ReturnType<typeof createApps>;

/** The remote apps on this process: how they come, what they are told, how they leave. */
export function createApps({ engine, jobs, spaces, connections, audit, times, log }: AppsParts) {
  const sessions = new Map<AppId, AppSession>();
  /** Who registered each, for the audit log. */
  const doers = new WeakMap<AppSession, Doer>();
  const closing = new Set<Promise<void>>();
  let draining = false;

  // That the storage is away is told once, by who talks to it.
  const onError = (error: unknown) =>
    log[error instanceof EngineUnavailable ? 'debug' : 'error']({ err: error }, 'A remote app could not be served');
  /** Work nobody waits for, but a stop does. */
  function background(work: Promise<unknown>): void {
    const tracked: Promise<void> = work.then(
      () => undefined,
      (error) => onError(error),
    );
    closing.add(tracked);
    void tracked.finally(() => closing.delete(tracked));
  }

  const leases = createLeases({ engine, jobs, onFreed: (session) => dispatcher.freed(session) });
  // What was told of held jobs during an outage is lost.
  engine.onReady(() => {
    for (const id of leases.jobs()) background(leases.look(id));
  });
  const dispatcher = createDispatcher({
    engine,
    jobs,
    onSignal,
    onClaimed,
    onOrphan: ({ job, token }) => background(leases.lose(job, token)),
    onError,
  });
  connections.serveHere((space) => dispatcher.serves(space));
  const presences = createPresenceKeeper({
    engine,
    times,
    sessions: () => sessions.values(),
    onReady: dispatcher.ready,
    onReplaced: (session) => end(session, 'replaced', replaced()),
    onSilent: (session) => end(session, 'lost', null),
    look: leases.look,
    revoke: leases.revoke,
    leaveDesk: (session, space) => dispatcher.leave(session, space),
    isThere,
    onGone: gone,
    abandon,
    background,
  });

  function onClaimed(session: AppSession, held: Held, job: Job): void {
    leases.hold(session, held);
    const lease = { token: held.token, job: held.job, expiresAt: engine.now() + CLAIM_MS };
    session.stream.push({ type: 'RequestAssigned', lease, job });
  }

  function onSignal(space: SpaceId, signal: SpaceSignal): void {
    switch (signal.type) {
      case 'released':
      case 'cancelling':
        background(leases.look(signal.job));
        break;
      case 'disconnect': {
        const session = sessions.get(signal.app);
        if (session) end(session, 'left', new Refusal('FORBIDDEN', 'An administrator disconnected this remote app'));
        break;
      }
      case 'deleted':
        for (const session of sessions.values()) if (session.presence.spaces.includes(space)) gone(session, space);
        break;
    }
  }

  /** A space that the session serves is no more. */
  function gone(session: AppSession, space: SpaceId): void {
    if (session.presence.spaces.length > 1) background(presences.withdraw(session, space));
    else end(session, 'left', new Refusal('NOT_FOUND', `Space ${space} was deleted`, { field: 'input.spaces' }));
  }

  // --- registration ------------------------------------------------------------------------------------------------------------

  async function connect(
    viewer: Viewer,
    input: RegisterInput,
    link: AppLink,
    address: string | null,
  ): Promise<Stream<AppEvent>> {
    if (draining)
      throw new Refusal('SERVER_DRAINING', 'This server is going away; connect again', { retryAfterSeconds: 1 });
    const registration = checkRegistration(input);
    if (viewer.role !== 'APP' && !isAdmin(viewer)) throw denied(viewer, 'Serving a space as a remote app');
    for (const space of registration.spaces) {
      if (mayServe(viewer, space)) await spaces.require(space, 'input.spaces', viewer);
      else throw denied(viewer, `Serving space ${space}`, 'input.spaces');
    }
    const presence = register(viewer.id, registration, await engine.nextSession(), engine.now(), times);
    const session = createSession(presence, link, {
      onClose: () => end(session, link.lost || draining ? 'lost' : 'left', null),
      onHeard: () => background(presences.keep(session)),
      onUnblocked: () => dispatcher.ready(session),
      onTaken: () => dispatcher.freed(session),
      onConfirmed: (held) => presences.gather(session, held),
      onUndelivered: (held) => {
        log.warn(
          { app: presence.name, jobs: held.map(({ job }) => job) },
          'A remote app did not confirm a delivery within 5 s; does it compute on its event loop, or cap its frame size?',
        );
        for (const { job, token } of held) {
          background(jobs.change(job, 'server', (now) => undelivered(now, token, engine.now())));
        }
      },
      onCancelDelivered: (held) => {
        for (const { job } of held) background(jobs.change(job, 'server', (now) => cancelDelivered(now, engine.now())));
      },
    });
    replace(session);
    try {
      for (const space of presence.spaces) await dispatcher.join(session, space);
      const { kept, lost, stopping } = await resume(session, input.resume);
      await Promise.all(presence.spaces.map((space) => confirm(session, space, presence.session, viewer)));
      if (session.ended) return session.stream;
      session.stream.push({ type: 'AppRegistered', app: view(session), kept, lost });
      for (const held of stopping) if (!held.released) session.cancel(held);
    } catch (error) {
      end(session, error instanceof Refusal && error.code === 'NOT_FOUND' ? 'left' : 'replaced', null);
      throw error;
    }
    log.info(
      { app: presence.name, id: presence.id, spaces: presence.spaces, capacity: presence.capacity },
      'A remote app registered',
    );
    session.registered = true;
    const by = { actor: viewer, address };
    doers.set(session, by);
    const { id, name, spaces: serves } = presence;
    audit.record({ ...by, kind: 'APP_CONNECTED', subject: id, detail: { name, spaces: serves } });
    dispatcher.ready(session);
    return session.stream;
  }

  /** Who deleted the space meanwhile may have looked before the presence was written. */
  async function confirm(session: AppSession, space: SpaceId, number: number, viewer: Viewer): Promise<void> {
    try {
      await spaces.confirm(space, 'input.spaces', viewer);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      await abandon(space, session.presence.id, number);
      if (session.presence.spaces.includes(space)) throw error;
    }
  }

  /** By what is stored now. */
  async function isThere(space: SpaceId): Promise<boolean> {
    try {
      await spaces.confirm(space);
      return true;
    } catch (error) {
      if (error instanceof Refusal) return false;
      throw error;
    }
  }

  /** The same app came again: its older stream on this process ends, and nothing of it counts any more. */
  function replace(session: AppSession): void {
    const older = sessions.get(session.presence.id);
    sessions.set(session.presence.id, session);
    if (older) end(older, 'replaced', replaced());
  }

  const replaced = () => new Refusal('CONFLICT', 'This instance registered again, on another connection');

  /** Writes the presence and settles which leases of before it keeps. */
  async function resume(
    session: AppSession,
    wanted: RegisterInput['resume'],
  ): Promise<{ kept: JobId[]; lost: JobId[]; stopping: Held[] }> {
    const { presence } = session;
    const found: (HeldLease & { space: SpaceId })[] = [];
    for (const space of presence.spaces) {
      const held = await engine.presence.register(space, presence);
      if (!held) throw replaced();
      found.push(...held.map((lease) => ({ ...lease, space })));
    }
    const keeps = (lease: HeldLease) =>
      wanted ? wanted.some(({ job, lease: token }) => job === lease.job && token === lease.token) : lease.confirmed;
    const kept: JobId[] = [];
    const gone: JobId[] = [];
    const stopping: Held[] = [];
    for (const lease of found) {
      const job = keeps(lease) ? await jobs.find(lease.job) : null;
      // What a session that has ended meanwhile would keep is its successor's, or has its grace.
      if (session.ended) break;
      if (job && isActive(job) && leaseOf(job)?.token === lease.token) {
        kept.push(job.id);
        jobs.hold(job);
        const held = newHeld(job, lease.space, lease.token, true);
        leases.hold(session, held);
        if (job.status === 'CANCELLING') stopping.push(held);
      } else {
        gone.push(lease.job);
        background(leases.lose(lease.job, lease.token));
      }
    }
    const missing = (wanted ?? []).map(({ job }) => job).filter((job) => !kept.includes(job) && !gone.includes(job));
    if (kept.length > 0) await presences.keep(session);
    return { kept, lost: [...gone, ...missing], stopping };
  }

  const view = ({ presence, held }: AppSession) => ({ ...presence, running: held.size });

  // --- leaving -----------------------------------------------------------------------------------------------------------------

  /** `left`: a goodbye, its work is taken by others. `lost`: it has a grace to come back. `replaced`: a newer one has it all. */
  function end(session: AppSession, how: 'left' | 'lost' | 'replaced', error: Refusal | null): void {
    if (session.ended) return;
    session.ended = true;
    session.quit();
    const { id, session: number, spaces: served, name, status, lastSeenAt } = session.presence;
    const confirmed = [...session.held.values()].filter((held) => held.confirmed);
    const until = engine.now() + times.graceMs;
    if (sessions.get(id) === session) sessions.delete(id);
    for (const space of served) dispatcher.leave(session, space);
    for (const held of [...session.held.values()]) leases.release(session, held);
    if (error) session.stream.fail(error);
    else session.stream.end();
    // What the client confirmed a moment ago is written before: it counts as an attempt, and a reconnect keeps it.
    for (const space of served) {
      const list = confirmed.filter((held) => held.space === space).map(({ job, token }) => ({ job, token }));
      if (list.length > 0) background(engine.presence.renew(space, id, number, { status, lastSeenAt, until }, list));
    }
    if (how === 'replaced') return;
    log.info(
      { app: name, id },
      how === 'left' ? 'A remote app left' : 'A remote app was lost; it has a grace to come back',
    );
    const by = doers.get(session);
    if (by) audit.record({ ...by, kind: 'APP_DISCONNECTED', subject: id, detail: { name, how } });
    for (const space of served) {
      background(how === 'lost' ? engine.presence.lose(space, id, number, until) : abandon(space, id, number));
    }
  }

  /** Takes the presence away, and its work back to the queue. */
  async function abandon(space: SpaceId, app: AppId, session: number): Promise<void> {
    const left = (await engine.presence.leave(space, app, session)) ?? [];
    await Promise.all(left.map(({ job, token }) => leases.lose(job, token)));
  }

  return {
    connect,
    abandon,

    /** Ends the app's connection, wherever it is; its work goes back to the queue. False: no such app. */
    async disconnect(id: AppId): Promise<boolean> {
      const app = (await connections.apps()).find((candidate) => candidate.id === id);
      if (!app) return false;
      for (const space of app.spaces) {
        const { apps } = await engine.presence.list(space);
        const presence: Presence | undefined = apps.find((candidate) => candidate.id === id);
        await engine.bus.signalSpace(space, { type: 'disconnect', app: id });
        if (presence) await abandon(space, id, presence.session);
      }
      return true;
    },

    connected: (): number => sessions.size,
    running: leases.count,

    /** Apps hear that they should reconnect; nothing new is given out. */
    drain(deadline: number): void {
      draining = true;
      dispatcher.stop();
      for (const session of sessions.values()) session.stream.push({ type: 'ServerDraining', deadline });
    },

    /** After the sockets are closed: resolves when every presence and lease has its grace. */
    async stop(): Promise<void> {
      draining = true;
      dispatcher.stop();
      presences.stop();
      for (const session of [...sessions.values()]) end(session, 'lost', null);
      while (closing.size > 0) await Promise.all(closing);
    },
  };
}
