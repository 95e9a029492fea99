import type { Presence } from '../../domain/app.ts';
import type { Instant } from '../../domain/json.ts';
import type { HeldLease, PresenceStore } from '../engine.ts';
import { topicOf } from './bus.ts';
import type { Database } from './database.ts';
import type { Store, Tell } from './store.ts';

interface Row {
  session: number;
  status: Presence['status'];
  last_seen_at: Instant;
  until: Instant;
  presence: string;
  running: number;
}

interface LeaseRow {
  id: string;
  lease: string;
  confirmed: number;
}

/** Presence as rows beside the leases, which are part of their jobs' rows. */
export function createPresence(database: Database, store: Store, now: () => Instant): PresenceStore {
  const find = database.one<Pick<Row, 'session' | 'status'>>(
    'SELECT session, status FROM presences WHERE space = ? AND app = ?',
  );
  const findAll = database.all<Row>(
    `SELECT session, status, last_seen_at, until, presence,
       (SELECT count(*) FROM jobs WHERE partition = presences.space AND jobs.app = presences.app) AS running
     FROM presences WHERE space = ? ORDER BY app`,
  );
  const save = database.run(
    `INSERT OR REPLACE INTO presences (space, app, session, status, last_seen_at, until, presence)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  );
  const update = database.run(
    'UPDATE presences SET status = ?, last_seen_at = ?, until = ? WHERE space = ? AND app = ?',
  );
  const reconnecting = database.run(
    `UPDATE presences SET status = 'RECONNECTING', until = ? WHERE space = ? AND app = ?`,
  );
  const erase = database.run('DELETE FROM presences WHERE space = ? AND app = ?');
  const leases = database.all<LeaseRow>('SELECT id, lease, confirmed FROM jobs WHERE partition = ? AND app = ?');
  const extend = database.run('UPDATE jobs SET lease_until = ? WHERE partition = ? AND app = ?');
  const confirm = database.one<{ status: string }>(
    `UPDATE jobs SET lease_until = ?, confirmed = 1 WHERE id = ? AND lease = ? AND partition = ? AND app = ?
     RETURNING status`,
  );
  const carry = database.one<{ status: string }>(
    `UPDATE jobs SET lease_until = max(lease_until, ?) WHERE id = ? AND lease = ? AND partition = ? AND app = ?
     RETURNING status`,
  );
  const findSpace = database.one<{ changed_at: Instant | null; connected_at: Instant | null }>(
    'SELECT changed_at, connected_at FROM spaces WHERE id = ?',
  );
  const touch = database.run(
    `INSERT INTO spaces (id, changed_at, connected_at) VALUES (?1, ?2, ?3)
     ON CONFLICT DO UPDATE SET changed_at = ?2, connected_at = ifnull(?3, connected_at)`,
  );

  /** The presence, if it is that of this session. */
  const under = (space: string, app: string, session: number) => {
    const there = find(space, app);
    return there?.session === session ? there : null;
  };

  const held = (space: string, app: string): HeldLease[] =>
    leases(space, app).map(({ id, lease, confirmed }) => ({ job: id, token: lease, confirmed: confirmed === 1 }));

  /** Somebody came, went or changed its status; `connected`: it was or is connected. */
  function changed(tell: Tell, space: string, connected: boolean): void {
    const at = now();
    touch(space, at, connected ? at : null);
    tell(topicOf.space(space), { type: 'presence' });
  }

  return {
    async register(space, presence) {
      const { id, session, status, lastSeenAt, until } = presence;
      const text = JSON.stringify(presence);
      return store.write((tell) => {
        const there = find(space, id);
        if (there && there.session > session) return null;
        save(space, id, session, status, lastSeenAt, until, text);
        extend(until, space, id);
        changed(tell, space, status === 'CONNECTED' || there?.status === 'CONNECTED');
        return held(space, id);
      });
    },
    renew: (space, app, session, { status, lastSeenAt, until }, listed) =>
      store.write((tell) => {
        const there = under(space, app, session);
        if (!there) return null;
        update(status, lastSeenAt, until, space, app);
        if (status !== there.status) changed(tell, space, true);
        const lost: string[] = [];
        const cancelling: string[] = [];
        for (const { job, token, confirmed = true } of listed) {
          const lease = (confirmed ? confirm : carry)(until, job, token, space, app);
          if (!lease) lost.push(job);
          else if (lease.status === 'CANCELLING') cancelling.push(job);
        }
        return { lost, cancelling };
      }),
    lose: (space, app, session, until) =>
      store.write((tell) => {
        const there = under(space, app, session);
        if (!there) return false;
        reconnecting(until, space, app);
        extend(until, space, app);
        changed(tell, space, there.status === 'CONNECTED');
        return true;
      }),
    leave: (space, app, session) =>
      store.write((tell) => {
        const there = under(space, app, session);
        if (!there) return null;
        erase(space, app);
        changed(tell, space, there.status === 'CONNECTED');
        return held(space, app);
      }),
    list: (space) =>
      store.read(() => {
        const { changed_at, connected_at } = findSpace(space) ?? { changed_at: null, connected_at: null };
        const apps = findAll(space).map(
          ({ presence, session, status, last_seen_at, until, running }): Presence & { running: number } => ({
            ...JSON.parse(presence),
            session,
            status,
            lastSeenAt: last_seen_at,
            until,
            running,
          }),
        );
        return { apps, changedAt: changed_at, lastConnectedAt: connected_at };
      }),
  };
}
