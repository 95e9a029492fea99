import type { Json } from '../../domain/json.ts';
import type { Document, Documents } from '../engine.ts';
import type { Clock } from './clock.ts';
import type { Connection } from './connection.ts';
import type { Keys } from './keys.ts';

/** An index entry outlives its document by this, so that a clock that is behind drops nothing that is there. */
const INDEX_GRACE_MS = 60_000;

/**
 * A document lives in the slot of its id, where scripts find it. The index of its kind is elsewhere: an entry is written before
 * the document and again after it, as somebody may remove the one before in between. Entries without a document are skipped.
 */
export function documentsOf({ run, send }: Connection, keys: Keys, clock: Clock): Documents {
  async function get<T extends Json>(kind: string, id: string): Promise<Document<T> | null> {
    const [value, revision] = await send<(string | null)[]>('HMGET', keys.document(kind, id), 'value', 'rev');
    return value == null ? null : { id, value: JSON.parse(value) as T, revision: Number(revision) };
  }

  const dropExpired = (kind: string) =>
    send('ZREMRANGEBYSCORE', keys.documents(kind), '-inf', clock.now() - INDEX_GRACE_MS);

  return {
    get,

    async list<T extends Json>(kind: string) {
      const index = keys.documents(kind);
      await dropExpired(kind);
      const ids = await send<string[]>('ZRANGE', index, 0, -1);
      const found = await Promise.all(ids.sort().map((id) => get<T>(kind, id)));
      return found.filter((document) => document !== null);
    },

    async put(kind, id, value, expect, expiresAt) {
      // Kept for as long as is left of its time, so that a server's clock that is a little ahead or behind does not matter.
      const keptMs = expiresAt === undefined ? '' : Math.max(0, expiresAt - clock.now());
      const entry = () => send('ZADD', keys.documents(kind), 'GT', expiresAt ?? 'inf', id);
      // Entries go here, too: not every kind is ever listed.
      if (expiresAt !== undefined) await Promise.all([entry(), dropExpired(kind)]);
      else await entry();
      const revision = await run<number | null>('put', keys.document(kind, id), expect, JSON.stringify(value), keptMs);
      if (revision !== null) await entry();
      return revision;
    },

    async remove(kind, id) {
      const key = keys.document(kind, id);
      const removed = await send<number>('DEL', key);
      await send('ZREM', keys.documents(kind), id);
      // Somebody may have put a new one meanwhile.
      if (await send<number>('EXISTS', key)) await send('ZADD', keys.documents(kind), 'inf', id);
      return removed === 1;
    },
  };
}
