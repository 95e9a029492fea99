import type { Instant, Json } from '../../domain/json.ts';
import type { KeptRecord, Records } from '../engine.ts';
import { byNewest } from '../record.ts';
import type { Database } from './database.ts';
import type { Store } from './store.ts';

/** After every id. */
const LAST_ID = '\u{10ffff}';

/** Records as rows, counted by kind so that none need be counted again; what has expired goes when another one is added. */
export function createRecords(database: Database, store: Store, now: () => Instant): Records {
  const insert = database.run('INSERT OR IGNORE INTO records (kind, id, expires_at, value) VALUES (?, ?, ?, ?)');
  const purge = database.all<{ kind: string }>('DELETE FROM records WHERE expires_at <= ? RETURNING kind');
  const count = database.one<{ value: number }>(
    `INSERT INTO counters (name, value) VALUES ('records:' || ?1, ?2)
     ON CONFLICT DO UPDATE SET value = value + ?2 RETURNING value`,
  );
  const eraseOldest = database.run(
    `DELETE FROM records WHERE kind = ?1 AND id IN (SELECT id FROM records WHERE kind = ?1 ORDER BY id LIMIT 0 + ?2)`,
  );
  const find = database.all<{ id: string; value: string }>(
    'SELECT id, value FROM records WHERE kind = ? AND id < ? AND expires_at > ? ORDER BY id DESC LIMIT 0 + ?',
  );

  return {
    async add(kind, id, value, expiresAt, most) {
      const text = JSON.stringify(value);
      return store.write(() => {
        const added = insert(kind, id, expiresAt, text);
        for (const gone of purge(now())) count(gone.kind, -1);
        const over = count(kind, added)!.value - most;
        if (over > 0) count(kind, -eraseOldest(kind, over));
      });
    },
    newest: <T extends Json>(kinds: string[], before: string | null, limit: number) =>
      store.read(() => {
        const at = now();
        const found = kinds.flatMap((kind): KeptRecord<T>[] =>
          find(kind, before ?? LAST_ID, at, limit).map(({ id, value }) => ({ kind, id, value: JSON.parse(value) })),
        );
        return found.sort(byNewest).slice(0, limit);
      }),
  };
}
