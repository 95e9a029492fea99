import type { SpaceId } from '../../domain/ids.ts';
import type { Job } from '../../domain/job.ts';
import { fairSeq, place } from '../../domain/queue.ts';
import type { Database } from './database.ts';

/** The rounds of queues in FAIR order. Everything here is called inside a transaction. */
export function createTurns(database: Database) {
  // The floor stays until a number was given in order of arrival.
  const findFloor = database.one<{ seq: number; floor: number }>(
    'SELECT seq, CASE WHEN fair_seq = seq THEN fair_floor ELSE seq END AS floor FROM spaces WHERE id = ?',
  );
  const findServed = database.one<{ served: number }>('SELECT served FROM rounds WHERE space = ? AND priority = ?');
  const findOwn = database.one<{ place: number | null }>(
    `SELECT max(place) AS place FROM jobs
     WHERE partition = ? AND submitter = ? AND fair = 1 AND place IS NOT NULL AND place > ? AND place < ?`,
  );
  const save = database.run(
    `INSERT INTO spaces (id, seq, queued, fair_seq, fair_floor) VALUES (?1, ?2, 1, ?2, ?3)
     ON CONFLICT DO UPDATE SET seq = ?2, queued = queued + 1, fair_seq = ?2, fair_floor = ?3`,
  );
  const saveServed = database.run(
    `INSERT INTO rounds (space, priority, served) VALUES (?, ?, ?)
     ON CONFLICT DO UPDATE SET served = max(served, excluded.served)`,
  );

  return {
    /** The number of a new job that waits from now on. */
    next(space: SpaceId, { submitter, priority }: Job): number {
      const { seq, floor } = findFloor(space) ?? { seq: 0, floor: 0 };
      const first = place(priority, 0);
      const last = findOwn(space, submitter.id, first, place(priority - 1, 0))?.place ?? first;
      const served = findServed(space, priority)?.served ?? 0;
      const given = fairSeq({ floor, served, own: last - first });
      save(space, Math.max(seq, given), floor);
      return given;
    },
    /** The job was leased. */
    served: (space: SpaceId, { priority, seq }: Job): void => void saveServed(space, priority, seq),
  };
}
