import type { Json } from '../../domain/json.ts';
import type { KeptRecord, Records } from '../engine.ts';
import { byNewest } from '../record.ts';
import type { Clock } from './clock.ts';
import type { Connection } from './connection.ts';
import type { Keys } from './keys.ts';

/** Each kind in a slot of its own: an id, a space and the value as one member of a sorted set, in the order of the ids. */
export function recordsOf({ run }: Connection, keys: Keys, clock: Clock): Records {
  async function page<T extends Json>(kind: string, before: string | null, limit: number): Promise<KeptRecord<T>[]> {
    const found = await run<string[]>('newest', keys.records(kind), before ?? '', limit);
    return found.map((record) => {
      const space = record.indexOf(' ');
      return { kind, id: record.slice(0, space), value: JSON.parse(record.slice(space + 1)) as T };
    });
  }

  return {
    async add(kind, id, value, expiresAt, most) {
      // As with documents: what is left of its time counts, not whose clock says so.
      const keptMs = Math.max(0, expiresAt - clock.now());
      await run('record', keys.records(kind), id, JSON.stringify(value), keptMs, most);
    },

    async newest<T extends Json>(kinds: string[], before: string | null, limit: number) {
      const pages = await Promise.all(kinds.map((kind) => page<T>(kind, before, limit)));
      return pages.flat().sort(byNewest).slice(0, limit);
    },
  };
}
