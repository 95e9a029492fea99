import { type ConnectionStatus, nextChange, type Presence, statusAt } from '../domain/app.ts';
import type { AppId, JobId, SpaceId } from '../domain/ids.ts';
import type { Instant } from '../domain/json.ts';
import type { LeaseTimes } from '../domain/lease.ts';
import { estimateWait, type WaitRange } from '../domain/queue.ts';
import type { Engine } from '../engine/engine.ts';
import type { Spaces } from './spaces.ts';

/** A remote app as people see it: over all spaces it serves. */
export interface RemoteApp {
  id: AppId;
  name: string;
  version: string | null;
  status: ConnectionStatus;
  spaces: SpaceId[];
  capacity: number;
  running: number;
  connectedAt: Instant;
  lastSeenAt: Instant;
}

export interface SpaceConnection {
  space: SpaceId;
  status: ConnectionStatus;
  apps: RemoteApp[];
  capacity: number;
  running: number;
  queued: number;
  changedAt: Instant;
  lastConnectedAt: Instant | null;
  /** When time alone changes the status; null: never. */
  nextChange: Instant | null;
}

export interface Place {
  /** 1 is next. */
  position: number;
  /** Null where nothing is known to estimate from. */
  wait: WaitRange | null;
}

export type Connections = ReturnType<typeof createConnections>;

/** Whether spaces' remote apps are connected, and how loaded they are: the same in every process. */
export function createConnections(engine: Engine, spaces: Spaces, times: LeaseTimes) {
  // Set by the dispatcher: an app on this process needs no look-up.
  let servedHere: (space: SpaceId) => boolean = () => false;

  /** Of the spaces that an app serves those that whoever sees this one may know of. */
  const namedFrom = (space: SpaceId, app: RemoteApp): RemoteApp => ({
    ...app,
    spaces: app.spaces.filter((id) => id === space || spaces.atHand(id)?.visibility === 'PUBLIC'),
  });

  const view = (presence: Presence & { running: number }, now: Instant): RemoteApp => ({
    id: presence.id,
    name: presence.name,
    version: presence.version,
    status: statusAt(presence, now, times),
    spaces: presence.spaces,
    capacity: presence.capacity,
    running: presence.running,
    connectedAt: presence.connectedAt,
    lastSeenAt: presence.lastSeenAt,
  });

  async function state(space: SpaceId): Promise<SpaceConnection> {
    const [{ apps, changedAt, lastConnectedAt }, queue] = await Promise.all([
      engine.presence.list(space),
      engine.jobs.queue(space),
    ]);
    const now = engine.now();
    const here = apps.filter((app) => statusAt(app, now, times) !== 'DISCONNECTED');
    const views = here.map((app) => view(app, now));
    // An app of capacity 0 is finishing its work and takes no more.
    const serving = views.filter((app) => app.capacity > 0);
    const connected = serving.filter((app) => app.status === 'CONNECTED');
    return {
      space,
      status: connected.length > 0 ? 'CONNECTED' : serving.length > 0 ? 'RECONNECTING' : 'DISCONNECTED',
      apps: views,
      capacity: connected.reduce((sum, app) => sum + app.capacity, 0),
      running: queue.running,
      queued: queue.queued,
      changedAt: changedAt ?? (await spaces.find(space))?.createdAt ?? now,
      lastConnectedAt: connected.length > 0 ? now : lastConnectedAt,
      nextChange: here.reduce<Instant | null>((soonest, app) => {
        const at = nextChange(app, now, times);
        return soonest === null || at < soonest ? at : soonest;
      }, null),
    };
  }

  /** As everybody is shown it who sees the space. */
  async function shown(space: SpaceId): Promise<SpaceConnection> {
    const found = await state(space);
    // All of them are at hand by then.
    await spaces.find(space);
    return { ...found, apps: found.apps.map((app) => namedFrom(space, app)) };
  }

  return {
    state: shown,

    /** Jobs waiting in all spaces. */
    async queued(): Promise<number> {
      const queues = await Promise.all((await spaces.all()).map(({ id }) => engine.jobs.queue(id)));
      return queues.reduce((sum, { queued }) => sum + queued, 0);
    },

    /** Whether the space has an app that is connected, or about to be again. */
    async open(space: SpaceId): Promise<boolean> {
      return servedHere(space) || (await state(space)).status !== 'DISCONNECTED';
    },

    /** All remote apps of all spaces, by id. */
    async apps(): Promise<RemoteApp[]> {
      const found = new Map<AppId, RemoteApp>();
      const states = await Promise.all((await spaces.all()).map(({ id }) => state(id)));
      for (const app of states.flatMap(({ apps }) => apps)) {
        const known = found.get(app.id);
        found.set(app.id, known ? { ...known, running: known.running + app.running } : app);
      }
      return [...found.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    },

    /** A remote app by id, as long as it is present in this space. */
    async app(space: SpaceId, id: AppId): Promise<RemoteApp | null> {
      return (await shown(space)).apps.find((app) => app.id === id) ?? null;
    },

    /** Where queued jobs stand and how long they will wait, by id; without those that are not queued. */
    async places(space: SpaceId, ids: JobId[]): Promise<Map<JobId, Place>> {
      const [{ capacity }, queue, positions] = await Promise.all([
        state(space),
        engine.jobs.queue(space),
        engine.jobs.positions(space, ids),
      ]);
      const place = (position: number): Place => ({
        position,
        wait: estimateWait(position, queue.running, capacity, queue.recentRunMs),
      });
      return new Map([...positions].map(([id, position]) => [id, place(position)]));
    },

    serveHere(check: (space: SpaceId) => boolean): void {
      servedHere = check;
    },
  };
}
