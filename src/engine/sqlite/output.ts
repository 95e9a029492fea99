import type { Output } from '../engine.ts';
import { continues, wholeCharacters } from '../output.ts';
import { topicOf } from './bus.ts';
import type { Database } from './database.ts';
import type { Store } from './store.ts';

/** Bytes of a row, at most: a read decodes whole rows, so one as long as what was reported would be decoded for each of its pieces. */
const ROW_BYTES = 16 * 1024;

/** The log as rows of text, each found by the offset of its end. */
export function createOutput(database: Database, store: Store): Output {
  const findJob = database.one<{ row: number; status: string; lease: string | null }>(
    'SELECT row, status, lease FROM jobs WHERE id = ?',
  );
  const findEnd = database.one<{ attempt: number; ends: number }>(
    'SELECT attempt, ends FROM output WHERE row = ? ORDER BY ends DESC LIMIT 1',
  );
  const findLength = database.one<{ attempt: number; end: number }>(
    'SELECT attempt, ends AS end FROM output JOIN jobs USING (row) WHERE id = ? ORDER BY ends DESC LIMIT 1',
  );
  // Up to the row that holds the last byte asked for.
  const findText = database.all<{ ends: number; attempt: number; text: string }>(
    `SELECT ends, attempt, text FROM output WHERE row = ?1 AND ends > ?2
     AND ends <= ifnull((SELECT min(ends) FROM output WHERE row = ?1 AND ends >= ?2 + ?3), ?2 + ?3) ORDER BY ends`,
  );
  const insert = database.run('INSERT INTO output (row, ends, attempt, text) VALUES (?, ?, ?, ?)');
  const drop = database.run('DELETE FROM output WHERE row = ?');

  return {
    append: (id, attempt, lease, offset, text, maxBytes) =>
      store.write((tell) => {
        const job = findJob(id);
        if (!job || job.lease !== lease || (job.status !== 'RUNNING' && job.status !== 'CANCELLING')) {
          return { outcome: 'moved' };
        }
        const log = findEnd(job.row);
        if (log && attempt < log.attempt) return { outcome: 'moved' };
        const from = log?.attempt === attempt ? log.ends : 0;
        if (offset > from) return { outcome: 'gap', end: from };
        const fresh = Buffer.from(text).subarray(from - offset);
        if (fresh.length === 0) return { outcome: 'appended', end: from };
        // No repeat of what stands there: it would cut a character.
        if (continues(fresh[0])) return { outcome: 'gap', end: from };
        const end = from + fresh.length;
        if (end > maxBytes) return { outcome: 'full', end: from };
        if (log && attempt > log.attempt) drop(job.row);
        for (let at = 0; at < fresh.length; ) {
          const piece = wholeCharacters(attempt, from + at, fresh.subarray(at, at + ROW_BYTES));
          insert(job.row, piece.end, attempt, piece.text);
          at = piece.end - from;
        }
        tell(topicOf.output(id), { attempt, offset: from, end, text: fresh.toString() });
        return { outcome: 'appended', end };
      }),
    read: (id, attempt, after, maxBytes) =>
      store.read(() => {
        const job = findJob(id);
        if (!job) return null;
        const rows = findText(job.row, after, maxBytes);
        if (rows.length === 0) {
          const log = findEnd(job.row);
          return log?.attempt === attempt ? { attempt, offset: after, end: after, text: '' } : null;
        }
        if (rows[0]!.attempt !== attempt) return null;
        const bytes = Buffer.from(rows.map(({ text }) => text).join(''));
        const begin = rows.at(-1)!.ends - bytes.length;
        return wholeCharacters(attempt, after, bytes.subarray(after - begin, after - begin + maxBytes));
      }),
    length: (id) => store.read(() => findLength(id) ?? null),
  };
}
