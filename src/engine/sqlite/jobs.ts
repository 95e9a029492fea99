import { partitionOf } from '../../domain/ids.ts';
import type { Job, JobStatus, QueuedJob } from '../../domain/job.ts';
import type { Instant } from '../../domain/json.ts';
import { RECENT_RUNS } from '../../domain/queue.ts';
import { assign } from '../../domain/transitions.ts';
import type { Due, Jobs } from '../engine.ts';
import { indexed, type JobIndex, withConfirmation } from '../record.ts';
import { topicOf } from './bus.ts';
import type { Database } from './database.ts';
import type { Store, Tell } from './store.ts';
import { createTurns } from './turns.ts';

interface StoredJob {
  job: string;
  confirmed: number;
}

type Stored = Pick<JobIndex, 'status' | 'submitter' | 'place' | 'deadline' | 'lease'> & {
  row: number;
  revision: number;
  confirmed: number;
};

/**
 * Jobs as one JSON column beside what they are found by. `LIMIT 0 + ?` and not `LIMIT ?`: SQLite plans the latter anew for every
 * value.
 */
export function createJobs(database: Database, store: Store, now: () => Instant): Jobs {
  const find = database.one<StoredJob>('SELECT job, confirmed FROM jobs WHERE id = ?');
  const findIndex = database.one<Stored>(
    'SELECT row, revision, status, submitter, place, deadline, lease, confirmed FROM jobs WHERE id = ?',
  );
  const insert = database.run(
    `INSERT INTO jobs (id, partition, cursor, submitter, idempotency_key, revision, status, place, deadline, job, fair)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const insertInput = database.run('INSERT INTO inputs (row, input) VALUES (last_insert_rowid(), ?)');
  const findInput = database.one<{ input: string }>('SELECT input FROM jobs JOIN inputs USING (row) WHERE id = ?');
  // What moves no index leaves the indexes alone: most commits are reports of progress.
  const report = database.run('UPDATE jobs SET revision = ?, confirmed = ?, job = ? WHERE row = ?');
  const move = database.run(
    `UPDATE jobs SET revision = ?, confirmed = ?, job = ?, status = ?, submitter = ?, place = ?, deadline = ?, lease = ?, app = ?,
       lease_until = CASE WHEN lease IS ?8 THEN lease_until END WHERE row = ?10`,
  );
  const lease = database.run(
    `UPDATE jobs SET revision = ?, confirmed = 0, job = ?, status = ?, place = NULL, deadline = ?, lease = ?, app = ?, lease_until = ?
     WHERE row = ?`,
  );
  const next = database.all<{ row: number; job: string; fair: number; input: string }>(
    `SELECT row, job, fair, input FROM jobs JOIN inputs USING (row)
     WHERE partition = ? AND place IS NOT NULL ORDER BY place, id LIMIT 0 + ?`,
  );
  const present = database.one<{ ok: number }>(
    `SELECT 1 AS ok FROM presences WHERE space = ? AND app = ? AND session = ? AND status = 'CONNECTED'`,
  );
  const turns = createTurns(database);
  const spaceStands = database.one<{ ok: number }>(
    `SELECT 1 AS ok FROM documents WHERE kind = 'space' AND id = ?1 AND ifnull(expires_at > ?2, 1)
       AND NOT EXISTS (SELECT 1 FROM documents WHERE kind = 'space-deletion' AND id = ?1 AND ifnull(expires_at > ?2, 1))`,
  );
  const nextSeq = database.one<{ seq: number }>(
    `INSERT INTO spaces (id, seq, queued) VALUES (?, 1, 1)
     ON CONFLICT DO UPDATE SET seq = seq + 1, queued = queued + 1 RETURNING seq`,
  );
  const findSpace = database.one<{ queued: number; recent_runs: string }>(
    'SELECT queued, recent_runs FROM spaces WHERE id = ?',
  );
  const countOwn = database.one<{ queued: number }>(
    'SELECT count(*) AS queued FROM jobs WHERE partition = ? AND submitter = ? AND place IS NOT NULL',
  );
  const addQueued = database.run('UPDATE spaces SET queued = queued + ? WHERE id = ?');
  const saveRuns = database.run(
    'INSERT INTO spaces (id, recent_runs) VALUES (?, ?) ON CONFLICT DO UPDATE SET recent_runs = excluded.recent_runs',
  );
  const findKey = database.one<{ id: string }>(
    'SELECT id FROM jobs WHERE partition = ? AND submitter = ? AND idempotency_key = ?',
  );
  const countLeases = database.one<{ running: number }>(
    'SELECT count(*) AS running FROM jobs WHERE partition = ? AND app IS NOT NULL',
  );
  const findExpiry = database.one<{ lease_until: number | null }>('SELECT lease_until FROM jobs WHERE id = ?');
  const findPositions = database.all<{ id: string; position: number }>(
    `SELECT id, position FROM (
       SELECT id, row_number() OVER (ORDER BY place, id) AS position FROM jobs WHERE partition = ?1 AND place <=
         (SELECT max(place) FROM jobs WHERE +partition = ?1 AND id IN (SELECT value FROM json_each(?2)))
     ) WHERE id IN (SELECT value FROM json_each(?2))`,
  );
  const findPage = database.all<{ row: number; cursor: string }>(
    'SELECT row, cursor FROM jobs WHERE partition = ? AND cursor < ? ORDER BY cursor DESC LIMIT 0 + ?',
  );
  const findPageOf = database.all<{ row: number; cursor: string }>(
    `SELECT row, cursor FROM jobs WHERE partition = ? AND cursor < ? AND status IN (SELECT value FROM json_each(?))
     ORDER BY cursor DESC LIMIT 0 + ?`,
  );
  const findOwn = database.all<{ row: number; cursor: string }>(
    `SELECT row, cursor FROM jobs WHERE partition = ? AND submitter = ? AND cursor < ? ORDER BY cursor DESC LIMIT 0 + ?`,
  );
  const findOwnOf = database.all<{ row: number; cursor: string }>(
    `SELECT row, cursor FROM jobs WHERE partition = ? AND submitter = ? AND cursor < ?
       AND status IN (SELECT value FROM json_each(?)) ORDER BY cursor DESC LIMIT 0 + ?`,
  );
  const findRow = database.one<StoredJob>('SELECT job, confirmed FROM jobs WHERE row = ?');
  const findDue = database.all<{ kind: Due['kind']; partition: string; id: string }>(
    `WITH asked AS MATERIALIZED (SELECT value FROM json_each(?1))
     SELECT kind, partition, id FROM (
       SELECT * FROM (SELECT 'lease' AS kind, partition, id, lease_until AS at FROM jobs
         WHERE lease_until <= ?2 AND +partition IN asked ORDER BY lease_until LIMIT 0 + ?3)
       UNION ALL SELECT * FROM (SELECT 'deadline', partition, id, deadline FROM jobs
         WHERE deadline <= ?2 AND +partition IN asked ORDER BY deadline LIMIT 0 + ?3)
       UNION ALL SELECT * FROM (SELECT 'presence', space, app, until FROM presences
         WHERE until <= ?2 AND +space IN asked ORDER BY until LIMIT 0 + ?3)
     ) ORDER BY at LIMIT 0 + ?3`,
  );
  const erase = database.one<{ partition: string; place: number | null }>(
    'DELETE FROM jobs WHERE id = ? RETURNING partition, place',
  );

  const stored = ({ job, confirmed }: StoredJob): Job => withConfirmation(JSON.parse(job), confirmed === 1);

  function told(tell: Tell, partition: string, job: Job): void {
    tell(topicOf.job(job.id), job);
    tell(topicOf.jobs(partition), job);
  }

  function add(job: Job, index: JobIndex, text: string, fair = false): void {
    const { id, submitter, idempotencyKey, revision } = job;
    const { partition, cursor, status, place, deadline } = index;
    insert(id, partition, cursor, submitter.id, idempotencyKey, revision, status, place, deadline, text, fair ? 1 : 0);
  }

  function replace(before: Stored, job: Job, index: JobIndex, text: string): boolean {
    const { partition, status, submitter, place, deadline, lease: token, app } = index;
    const confirmed = index.confirmed || (token !== null && token === before.lease && before.confirmed === 1);
    const flag = confirmed ? 1 : 0;
    const moved =
      status !== before.status ||
      submitter !== before.submitter ||
      place !== before.place ||
      deadline !== before.deadline ||
      token !== before.lease;
    if (moved) move(job.revision, flag, text, status, submitter, place, deadline, token, app, before.row);
    else report(job.revision, flag, text, before.row);
    if ((place === null) !== (before.place === null)) addQueued(place === null ? -1 : 1, partition);
    return confirmed;
  }

  function remember(space: string, runMs: number): void {
    const recent = JSON.parse(findSpace(space)?.recent_runs ?? '[]') as number[];
    saveRuns(space, JSON.stringify([runMs, ...recent].slice(0, RECENT_RUNS)));
  }

  return {
    async create(job, input, maxQueued, order = 'FIFO', maxOwn = Number.POSITIVE_INFINITY) {
      const inputText = JSON.stringify(input);
      return store.write((tell) => {
        const space = partitionOf(job.id);
        const kept = job.idempotencyKey === null ? null : findKey(space, job.submitter.id, job.idempotencyKey);
        if (kept) return { outcome: 'exists', id: kept.id };
        if (!spaceStands(space, now())) return { outcome: 'no-space' };
        const queued = findSpace(space)?.queued ?? 0;
        // While fewer wait in all there is nothing to count.
        const own = queued < maxOwn ? 0 : countOwn(space, job.submitter.id)!.queued;
        if (own >= maxOwn) return { outcome: 'own-full', queued: own };
        if (queued >= maxQueued) return { outcome: 'full', queued };
        const fair = order === 'FAIR';
        const placed: QueuedJob = { ...job, seq: fair ? turns.next(space, job) : nextSeq(space)!.seq };
        add(placed, indexed(placed), JSON.stringify(placed), fair);
        insertInput(inputText);
        told(tell, space, placed);
        tell(topicOf.space(space), { type: 'queued', job: job.id });
        return { outcome: 'created', job: placed };
      });
    },
    read: (id) =>
      store.read(() => {
        const found = find(id);
        return found ? stored(found) : null;
      }),
    input: (id) =>
      store.read(() => {
        const found = findInput(id);
        return found ? JSON.parse(found.input) : null;
      }),
    byKey: (space, submitter, key) => store.read(() => findKey(space, submitter, key)?.id ?? null),
    async commit(job, signal) {
      const text = JSON.stringify(job);
      const index = indexed(job);
      return store.write((tell) => {
        const before = findIndex(job.id);
        if ((before?.revision ?? 0) !== job.revision - 1) return false;
        let confirmed = index.confirmed;
        if (before) confirmed = replace(before, job, index, text);
        else add(job, index, text);
        if (index.runMs !== null) remember(index.partition, index.runMs);
        told(tell, index.partition, withConfirmation(job, confirmed));
        if (signal && job.space !== null) tell(topicOf.space(job.space), signal);
        return true;
      });
    },
    claim: (space, app, session, tokens, leaseMs) =>
      store.write((tell) => {
        if (!present(space, app.id, session)) return [];
        const at = now();
        const found = next(space, tokens.length);
        if (found.length > 0) addQueued(-found.length, space);
        return found.map(({ row, job: text, fair, input }, n) => {
          const token = tokens[n]!;
          const job = assign(JSON.parse(text), { token, app, session, at });
          if (fair) turns.served(space, job);
          const { status, deadline } = indexed(job);
          lease(job.revision, JSON.stringify(job), status, deadline, token, app.id, at + leaseMs, row);
          told(tell, space, job);
          return { job, input: JSON.parse(input) };
        });
      }),
    positions: (space, ids) =>
      store.read(() => {
        const found = findPositions(space, JSON.stringify(ids));
        return new Map(found.map(({ id, position }) => [id, position]));
      }),
    queue: (space) =>
      store.read(() => {
        const { queued, recent_runs } = findSpace(space) ?? { queued: 0, recent_runs: '[]' };
        return { queued, running: countLeases(space)?.running ?? 0, recentRunMs: JSON.parse(recent_runs) };
      }),
    leaseExpiry: (id) => store.read(() => findExpiry(id)?.lease_until ?? null),
    list: (partitions, statuses, before, limit, submitter = null) =>
      store.read(() =>
        partitions
          .flatMap((partition) => page(partition, submitter, statuses, before ?? LAST_CURSOR, limit))
          .sort((a, b) => (a.cursor < b.cursor ? 1 : -1))
          .slice(0, limit)
          .map(({ row }) => stored(findRow(row)!)),
      ),
    due: (partitions, at, limit) =>
      store.read(() =>
        findDue(JSON.stringify(partitions), at, limit).map(
          ({ kind, partition, id }): Due =>
            kind === 'presence' ? { kind, space: partition, app: id } : { kind, job: id },
        ),
      ),
    remove: (id) =>
      store.write((tell) => {
        const erased = erase(id);
        if (!erased) return;
        if (erased.place !== null) addQueued(-1, erased.partition);
        tell(topicOf.job(id), null);
      }),
  };

  function page(
    partition: string,
    submitter: string | null,
    statuses: JobStatus[] | null,
    before: string,
    limit: number,
  ) {
    const some = JSON.stringify(statuses);
    if (submitter === null) {
      return statuses ? findPageOf(partition, before, some, limit) : findPage(partition, before, limit);
    }
    return statuses
      ? findOwnOf(partition, submitter, before, some, limit)
      : findOwn(partition, submitter, before, limit);
  }
}

/** After every cursor: they hold digits, letters and `: . - _`. */
const LAST_CURSOR = '~';
