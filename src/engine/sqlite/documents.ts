import type { Instant } from '../../domain/json.ts';
import type { Documents } from '../engine.ts';
import type { Database } from './database.ts';
import type { Store } from './store.ts';

interface Row {
  id: string;
  value: string;
  revision: number;
}

/** Documents as rows; one that has expired is treated as absent, and deleted when a later one is stored. */
export function createDocuments(database: Database, store: Store, now: () => Instant): Documents {
  const find = database.one<Row>(
    `SELECT id, value, revision FROM documents WHERE kind = ? AND id = ? AND ifnull(expires_at > ?, 1)`,
  );
  const findAll = database.all<Row>(
    `SELECT id, value, revision FROM documents WHERE kind = ? AND ifnull(expires_at > ?, 1) ORDER BY id`,
  );
  const save = database.run(
    `INSERT OR REPLACE INTO documents (kind, id, revision, expires_at, value) VALUES (?, ?, ?, ?, ?)`,
  );
  const erase = database.run(`DELETE FROM documents WHERE kind = ? AND id = ? AND ifnull(expires_at > ?, 1)`);
  const purge = database.run(`DELETE FROM documents WHERE expires_at <= ?`);

  const document = ({ id, value, revision }: Row) => ({ id, value: JSON.parse(value), revision });

  return {
    get: (kind, id) =>
      store.read(() => {
        const row = find(kind, id, now());
        return row ? document(row) : null;
      }),
    list: (kind) => store.read(() => findAll(kind, now()).map(document)),
    async put(kind, id, value, expect, expiresAt) {
      const text = JSON.stringify(value);
      return store.write(() => {
        const at = now();
        if ((find(kind, id, at)?.revision ?? 0) !== expect) return null;
        purge(at);
        save(kind, id, expect + 1, expiresAt ?? null, text);
        return expect + 1;
      });
    },
    remove: (kind, id) => store.write(() => erase(kind, id, now()) > 0),
  };
}
